import errno
import json
import lzma
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rdkit import RDConfig

from relamp.data import pack_corpus as module
from relamp.data.corpus import PackedCorpus
from relamp.data.fingerprint import fingerprint
from relamp.data.guard import inspect, render
from relamp.data.molecules import pack_molecules, read_molecules
from relamp.data.pack_corpus import pack_corpus
from relamp.errors import RelampError
from relamp.runtime.files import sha256

FILES = ("corpus.safetensors", "dropped.csv")

# A lone atom, an ion, fragments, a molecule of more atoms than a byte counts, a copy, and all that is dropped.
ODD = [
    *("C", "[Na+]", "[Na+].CC(=O)[O-].O", "C" * 300, "OCC", "CCO", "N[Pt@SP1](N)(Cl)Cl", "F/C=C\\F"),
    *("c1ccccc", "CN(C)(C)(C)C", "*CC", "[NH3]->[Cu]", "two words", 'C"C', "Cé"),
]


def nci(count: int) -> list[str]:
    """Return the first SMILES of the file that ships with RDKit."""
    lines = (Path(RDConfig.RDDataDir) / "NCI" / "first_5K.smi").read_text().splitlines()
    return [line.split()[0] for line in lines[:count]]


@pytest.fixture(scope="module")
def smiles() -> list[str]:
    strings = nci(300)
    return [*strings[:150], *ODD, *strings[150:]]


def write(path: Path, smiles: list[str]) -> Path:
    path.write_bytes(lzma.compress("".join(f"{line}\n" for line in smiles).encode(), preset=0))
    return path


def packed(folder: Path, raw: Path, **options: Any) -> PackedCorpus:
    """Pack into a folder; the parts lie in a folder of their own there."""
    paths = [folder / name for name in FILES]
    return pack_corpus("some", raw, *paths, folder / "work", **({"processes": 1, "chunk": 50} | options))


def read(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in FILES]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, smiles: list[str]) -> Path:
    """The raw file, and what one process makes of it in one go."""
    folder = tmp_path_factory.mktemp("undisturbed")
    packed(folder, write(folder / "raw.xz", smiles))
    return folder


def test_a_corpus_holds_what_pack_molecules_makes(undisturbed: Path, smiles: list[str]) -> None:
    plain = pack_molecules("some", smiles)
    dropped = plain.info["dropped"]
    corpus = PackedCorpus.load(undisturbed / FILES[0])
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(len(corpus)), 2))
    taken, plain = corpus.take(order), plain.take(order)
    for key in ("x", "edge_index", "edge_attr", "node_offset", "edge_offset", "y"):
        np.testing.assert_array_equal(getattr(taken, key), getattr(plain, key), err_msg=key)
    assert (taken.y.dtype, taken.cardinality) == (plain.y.dtype, plain.cardinality)
    assert pd.read_csv(undisturbed / FILES[1]).to_dict("records") == dropped
    assert (corpus.ends.dtype, corpus.atom.dtype, corpus.bond.dtype) == (np.uint16, np.uint8, np.uint8)
    assert not (undisturbed / "work").exists()


def test_what_the_info_says(undisturbed: Path, smiles: list[str]) -> None:
    plain = pack_molecules("some", smiles)
    info = PackedCorpus.load(undisturbed / FILES[0]).info
    assert info == {
        **{"rows": len(smiles), "dropped": len(plain.info["dropped"]), "rdkit": plain.info["rdkit"]},
        **{"files": {"raw.xz": sha256(undisturbed / "raw.xz")}, "fingerprint": fingerprint(plain)},
        "report": json.loads(json.dumps(inspect(plain))),
    }
    assert info["report"]["duplicates"]["graphs"] >= 2  # OCC and CCO
    assert "none" in render(info["report"])


def test_molecules_without_any_bond(tmp_path: Path) -> None:
    corpus = packed(tmp_path, write(tmp_path / "raw.xz", ["C", "[Na+].[Cl-]"]))
    taken = corpus.take(np.array([1, 0]))
    assert taken.x.tolist() == [[10, 0], [16, 0], [5, 0]]
    assert (taken.edge_index.shape, corpus.bond_kinds.shape) == ((2, 0), (0, 2))


@pytest.mark.parametrize("options", [{"chunk": 1000}, {"chunk": 37}, {"processes": 2}])
def test_neither_the_size_of_the_parts_nor_the_processes_show(
    undisturbed: Path, tmp_path: Path, options: dict[str, int]
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "notes.txt").write_text("mine")  # which stays
    corpus = packed(tmp_path, undisturbed / "raw.xz", **options)
    assert read(tmp_path) == read(undisturbed)
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["notes.txt"]
    corpus.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == read(undisturbed)[0]


class _Killed(BaseException):
    """Stands in for the end of the process."""


@pytest.fixture
def interrupted(undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where a run ended before its last part."""

    def die(*_: object) -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, "_merge", die)
        with pytest.raises(_Killed):
            packed(tmp_path, undisturbed / "raw.xz")
    parts(tmp_path)[-1].unlink()
    return tmp_path


def parts(folder: Path) -> list[Path]:
    return sorted((folder / "work").iterdir())


@pytest.fixture
def featurised(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The SMILES that are featurised from now on."""
    seen: list[str] = []

    def spy(lines: list[str]) -> Any:
        seen.extend(lines)
        return read_molecules(lines)

    monkeypatch.setattr(module, "read_molecules", spy)
    return seen


def test_a_run_takes_over_the_parts_that_are_done(
    interrupted: Path, undisturbed: Path, smiles: list[str], featurised: list[str]
) -> None:
    done = parts(interrupted)
    assert len(done) == len(smiles) // 50
    done[5].replace(done[4])  # at another place
    done[1].unlink()  # gone
    done[2].write_bytes(done[2].read_bytes()[:-1])  # cut off
    done[3].write_bytes(b"")
    (interrupted / "work" / ".part-000000.77.part.safetensors").write_bytes(b"half of it")
    packed(interrupted, undisturbed / "raw.xz")
    assert featurised == smiles[50:]
    assert read(interrupted) == read(undisturbed)
    assert not (interrupted / "work").exists()


@pytest.mark.parametrize("changed", ["format", "rdkit", "chunk", "file", "nothing"])
def test_parts_of_other_circumstances_are_not_taken_over(
    interrupted: Path, undisturbed: Path, smiles: list[str], featurised: list[str], changed: str
) -> None:
    raw, options = undisturbed / "raw.xz", {"chunk": 60} if changed == "chunk" else {}
    if changed == "file":
        raw = write(interrupted / "other.xz", smiles[::-1])
    with pytest.MonkeyPatch.context() as patch:
        if changed == "format":
            patch.setattr(module, "FORMAT", module.FORMAT + 1)
        elif changed == "rdkit":
            patch.setattr(module.rdBase, "rdkitVersion", "1.0")
        corpus = packed(interrupted, raw, info={"source": "somewhere"}, **options)
    assert len(featurised) == (len(smiles) % 50 if changed == "nothing" else len(smiles))
    assert (corpus.info["source"], corpus.info["rows"]) == ("somewhere", len(smiles))
    plain = pack_molecules("some", smiles[::-1] if changed == "file" else smiles)
    np.testing.assert_array_equal(corpus.take(np.arange(len(corpus))).x, plain.x)


def test_after_kill_9_no_process_is_left_and_the_next_run_goes_on(tmp_path: Path) -> None:
    raw = write(tmp_path / "raw.xz", nci(4000))
    script = (
        "from relamp.data.pack_corpus import pack_corpus\n"
        "if __name__ == '__main__':\n"
        "    pack_corpus('some', 'raw.xz', 'corpus.safetensors', 'dropped.csv', 'work', processes=2, chunk=50)\n"
    )
    (tmp_path / "run.py").write_text(script)
    with subprocess.Popen([sys.executable, "run.py"], cwd=tmp_path) as process:
        wait_for(lambda: len(list(tmp_path.glob("work/part-*"))) >= 5)
        workers = children(process.pid)
        process.kill()
    assert len(workers) >= 2
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    left = len(list(tmp_path.glob("work/part-*")))
    assert 5 <= left < 80
    assert not (tmp_path / FILES[0]).exists()
    packed(tmp_path, raw, chunk=50)
    (tmp_path / "at_once").mkdir()
    packed(tmp_path / "at_once", raw, chunk=1000)
    assert read(tmp_path) == read(tmp_path / "at_once")


def wait_for(condition: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    return [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]


@pytest.mark.parametrize("where", ["part", "corpus", "dropped"])
def test_a_full_disk_leaves_no_half_output_and_the_next_run_goes_on(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if where in Path(f"/proc/self/fd/{descriptor}").readlink().name.split("-")[0].split(".")[1]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(RelampError, match=rf"{where}.*could not be written \(No space left on device\); free some"):
            packed(tmp_path, undisturbed / "raw.xz")
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ([FILES[0], "work"] if where == "dropped" else ["work"])
    assert not [path for path in parts(tmp_path) if path.name.startswith(".")]
    packed(tmp_path, undisturbed / "raw.xz")
    assert read(tmp_path) == read(undisturbed)


@pytest.mark.parametrize("smiles", [["(", "c1ccccc"], []])
def test_a_corpus_without_molecules_is_refused(tmp_path: Path, smiles: list[str]) -> None:
    with pytest.raises(RelampError, match=f"none of the {len(smiles)} molecules can be featurised"):
        packed(tmp_path, write(tmp_path / "raw.xz", smiles))
    assert not (tmp_path / FILES[0]).exists()


def test_damage_is_found_before_anything_is_featurised(
    undisturbed: Path, tmp_path: Path, featurised: list[str]
) -> None:
    (tmp_path / "raw.xz").write_bytes((undisturbed / "raw.xz").read_bytes()[:-10])
    with pytest.raises(RelampError, match="is cut off or damaged"):
        packed(tmp_path, tmp_path / "raw.xz", chunk=1)
    assert (featurised, (tmp_path / "work").exists()) == ([], False)
