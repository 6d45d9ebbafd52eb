"""Fetching and packing as the workflow does it: files in, files out."""

import json
import lzma
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from relamp.steps.data import fetch_dataset, pack_dataset

from relamp.data import read
from relamp.data.corpus import PackedCorpus, open_packed
from relamp.data.molecules import pack_molecules
from relamp.data.packaged import folder
from relamp.data.packed import PackedGraphs
from relamp.data.registry import REGISTRY, Expected, Variant
from relamp.errors import RelampError
from relamp.runtime.files import sha256
from relamp.steps import data as steps

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
    monkeypatch.setattr(steps, "REGISTRY", registry)


def stream(mirror: Path, out: Path) -> None:
    fetch_dataset("ZINC15", {"mirrors": [str(mirror)], "offline": True, "preset": "paper"}, out / "raw.json")
    outputs = out / "a.safetensors", out / "a.guard.json", out / "a.dropped.csv"
    pack_dataset("ZINC15", *outputs, record=out / "raw.json", parts=out / "parts")


def test_a_corpus_is_fetched_packed_and_checked(mirror: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stream(mirror, out)
    corpus = open_packed(out / "a.safetensors")
    assert isinstance(corpus, PackedCorpus)
    molecules, _ = pack_molecules("ZINC15", SMILES)
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
        pack_dataset("MINE", out / "x.safetensors", out / "x.guard.json", out / "x.dropped.csv", own=own)
    assert (tmp_path / "a" / "x.safetensors").read_bytes() == (tmp_path / "b" / "x.safetensors").read_bytes()
    assert len(PackedGraphs.load(tmp_path / "a" / "x.safetensors")) == 188


def test_a_mirror_that_lacks_the_file_leaves_no_record(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"PROTEINS\.zip: no sound copy was found"):
        fetch_dataset("PROTEINS", {"mirrors": str(tmp_path), "offline": True}, tmp_path / "raw.json")
    assert not (tmp_path / "raw.json").exists()
