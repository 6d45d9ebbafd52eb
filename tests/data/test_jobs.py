"""The jobs on data sets as the workflow runs them: files in, files out."""

import json
import lzma
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from guarded import save_guarded
from relamp.data import jobs, read
from relamp.data.corpus import PackedCorpus, open_packed
from relamp.data.folds import load_folds, stratified_folds
from relamp.data.jobs import fetch, folds, pack, scaffold
from relamp.data.molecules import pack_molecules
from relamp.data.packaged import folder
from relamp.data.packaged import pack as packaged
from relamp.data.packed import PackedGraphs
from relamp.data.registry import REGISTRY, Expected, Variant
from relamp.data.scaffold import scaffold_split
from relamp.data.verified import verified
from relamp.errors import RelampError
from relamp.runtime.files import sha256
from relamp.runtime.sealed import read_sealed

SMILES = ["CCO", "c1ccccc1", "not a molecule", "C[C@H](N)O", "[Na+].[Cl-]", "CCO"]
EXPECTED = Expected(rows=6, graphs=5, nodes=3 + 6 + 4 + 2 + 3, edges=2 + 6 + 3 + 0 + 2)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror with a small ZINC15, and a registry that knows it."""
    path = tmp_path / "mirror" / "ZINC" / "zinc15_smiles.smi.xz"
    path.parent.mkdir(parents=True)
    path.write_bytes(lzma.compress("\n".join(SMILES).encode()))
    set_expected(path, monkeypatch, EXPECTED)
    return path.parents[1]


def set_expected(path: Path, monkeypatch: pytest.MonkeyPatch, expected: Expected) -> None:
    row = REGISTRY["ZINC15"]
    file = replace(row.remote[0], variants=(Variant(sha256(path), "upstream", unpacked=1000),))
    registry = {"ZINC15": replace(row, remote=(file,), expected=expected, fingerprint="", rdkit="")}
    monkeypatch.setattr(read, "REGISTRY", registry)
    monkeypatch.setattr(jobs, "REGISTRY", registry)


def outputs(out: Path) -> tuple[Path, Path, Path]:
    return out / "a.safetensors", out / "a.guard.json", out / "a.dropped.csv"


def stream(mirror: Path, out: Path) -> None:
    fetch("ZINC15", {"mirrors": [str(mirror)], "offline": True, "preset": "paper"}, out / "raw.json")
    pack("ZINC15", *outputs(out), out / "raw.json", None, out / "parts")


def test_a_corpus_is_fetched_packed_and_checked(mirror: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stream(mirror, out)
    corpus = open_packed(out / "a.safetensors")
    assert isinstance(corpus, PackedCorpus)
    molecules = pack_molecules("ZINC15", SMILES)
    np.testing.assert_array_equal(corpus.take(np.arange(5)).edge_index, molecules.edge_index)
    guard = json.loads((out / "a.guard.json").read_text())
    assert (guard["graphs"], guard["dropped"], guard["duplicates"]["graphs"]) == (5, 1, 2)
    assert guard["provenance"].startswith("sha256 known; its fingerprint is wl5:")
    assert pd.read_csv(out / "a.dropped.csv")["row"].tolist() == [2]
    assert sorted(path.name for path in out.iterdir()) == ["a.dropped.csv", "a.guard.json", "a.safetensors", "raw.json"]


def test_a_corpus_of_other_content_leaves_nothing_that_looks_whole(
    mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = mirror / "ZINC" / "zinc15_smiles.smi.xz"
    set_expected(path, monkeypatch, replace(EXPECTED, rows=7))
    with pytest.raises(RelampError, match="found 6 rows but the registry expects 7"):
        stream(mirror, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.safetensors"))
    assert not (tmp_path / "out" / "a.guard.json").exists()


def test_a_packed_file_does_not_depend_on_where_its_raw_files_lay(tmp_path: Path) -> None:
    where = folder(REGISTRY["MUTAG"])
    own = tmp_path / "mine"
    own.mkdir()
    for name in REGISTRY["MUTAG"].files:
        (own / name.replace("MUTAG", "MINE")).write_bytes((where / name).read_bytes())
    for place in ("a", "b"):
        out, own = tmp_path / place, own.rename(tmp_path / f"mine-{place}")
        pack("MINE", *outputs(out), None, {"folder": str(own)}, out / "parts")
    assert (tmp_path / "a" / "a.safetensors").read_bytes() == (tmp_path / "b" / "a.safetensors").read_bytes()
    assert len(PackedGraphs.load(tmp_path / "a" / "a.safetensors")) == 188


def test_a_mirror_that_lacks_the_file_leaves_no_record(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"PROTEINS\.zip: no sound copy was found"):
        fetch("PROTEINS", {"mirrors": str(tmp_path), "offline": True}, tmp_path / "raw.json")
    assert not (tmp_path / "raw.json").exists()


def test_a_set_inside_a_package_is_packed_with_its_guards_report_and_what_was_dropped(tmp_path: Path) -> None:
    pack("NCI", *outputs(tmp_path), None, None, tmp_path / "parts")
    data, report = PackedGraphs.load(tmp_path / "a.safetensors"), json.loads((tmp_path / "a.guard.json").read_text())
    assert report["graphs"] == len(data)
    assert len(data) + len(pd.read_csv(tmp_path / "a.dropped.csv")) == 4999


def test_folds_are_written_for_each_seed_or_refused_by_the_data_sets_name(tmp_path: Path) -> None:
    path, output = tmp_path / "a.safetensors", {seed: tmp_path / f"{seed}.csv" for seed in (3, 5)}
    save_guarded(packaged("MUTAG"), path)
    folds(path, [3, 5], 10, output)
    for seed, file in output.items():
        assert (load_folds(file) == stratified_folds(PackedGraphs.load(path).y, 10, seed)).all()
        assert read_sealed(file)[0] == {"file": file.name, "data": verified(path), "folds": 10}
    save_guarded(packaged("Cuneiform"), path)
    with pytest.raises(RelampError, match="Cuneiform"):
        folds(path, [0], 10, {0: tmp_path / "0.csv"})
    assert not (tmp_path / "0.csv").exists()


def test_the_scaffold_split_is_written_as_parts(tmp_path: Path) -> None:
    data = packaged("Solubility").take(np.arange(0, 1282, 6))
    save_guarded(data, tmp_path / "a.safetensors")
    scaffold(tmp_path / "a.safetensors", tmp_path / "split.csv")
    part = load_folds(tmp_path / "split.csv")
    assert read_sealed(tmp_path / "split.csv")[0] == {"file": "split.csv", "data": verified(tmp_path / "a.safetensors")}
    assert [np.flatnonzero(part == i).tolist() for i in range(3)] == [sorted(i) for i in scaffold_split(data.smiles)]
