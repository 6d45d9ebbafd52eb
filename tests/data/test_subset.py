"""Subsets of packed molecules: which are drawn, what is written, and what is refused."""

import json
import lzma
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from guarded import save_guarded
from relamp.data import subset
from relamp.data.corpus import PackedCorpus, open_packed
from relamp.data.fingerprint import fingerprint
from relamp.data.guard import inspect
from relamp.data.jobs import subset as job
from relamp.data.molecules import pack_molecules
from relamp.data.pack_corpus import pack_corpus
from relamp.data.packed import PackedGraphs
from relamp.data.subset import drawn, write_subset
from relamp.data.verified import guard_of, verified
from relamp.errors import RelampError
from relamp.runtime.files import read_json, sha256, write_json

SMILES = ["CCO", "c1ccccc1", "C[C@H](N)O", "[Na+].[Cl-]", "C", "F/C=C/F", "CC#N", "[He]", "OO"]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (raw := tmp_path / "a.smi.xz").write_bytes(lzma.compress("\n".join([*SMILES[:4], "none", *SMILES[4:]]).encode()))
    path = tmp_path / "A.safetensors"
    pack_corpus("A", raw, path, tmp_path / "dropped.csv", tmp_path / "parts", processes=1, chunk=4)
    whole = {"sha256": sha256(path), "graphs": len(SMILES), "content": "own", "provenance": "mine"}
    write_json(tmp_path / "A.guard.json", whole)
    return path


def test_every_subset_is_equally_likely_and_a_seed_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(3, 50).tolist() == drawn(3, 50).tolist() == sorted(set(drawn(3, 50).tolist()))
    assert drawn(7, 7).tolist() == list(range(7))
    counts = dict.fromkeys(combinations(range(5), 2), 0)
    for seed in range(2000):
        monkeypatch.setattr(subset, "SEED", seed)
        counts[tuple(drawn(2, 5).tolist())] += 1
    # Ten subsets, so nine degrees of freedom: beyond 27.9 comes once in a thousand times.
    assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 27.9


@pytest.mark.parametrize("count", [2, 5, len(SMILES)])
def test_it_holds_the_drawn_molecules_in_their_order(
    corpus: Path, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, index = PackedCorpus.load(corpus), drawn(count, len(SMILES))
    report = write_subset(corpus, "d", count, f"A~{count}", tmp_path / "all.safetensors")
    # Written two at a time, it is the same file.
    monkeypatch.setattr(subset, "_AT_ONCE", 2)
    assert write_subset(corpus, "d", count, f"A~{count}", tmp_path / "two.safetensors") == report
    assert (tmp_path / "two.safetensors").read_bytes() == (tmp_path / "all.safetensors").read_bytes()

    part, wanted = open_packed(tmp_path / "all.safetensors"), whole.take(index)
    assert isinstance(part, PackedCorpus)
    found = part.take(np.arange(count))
    for name in ("x", "edge_index", "edge_attr", "node_offset", "edge_offset"):
        assert np.array_equal(getattr(found, name), getattr(wanted, name)), name
    assert (part.name, part.info["rows"], part.info["dropped"]) == (f"A~{count}", count, 0)
    assert part.info["subset"] == {"of": "A", "molecules": len(SMILES), "seed": 0, "sha256": "d"}
    assert part.info["files"] == whole.info["files"]
    assert part.info["fingerprint"] == fingerprint(wanted)
    assert part.info["report"] == report == json.loads(json.dumps(report))
    same = inspect(replace(wanted, info={}))
    assert {key: report[key] for key in ("nodes", "edges", "duplicates")} == {
        key: same[key] for key in ("nodes", "edges", "duplicates")
    }


def test_labelled_molecules_keep_smiles_and_labels(tmp_path: Path) -> None:
    y = np.array([[1], [0], [1], [-1], [0], [1], [0], [1], [1]])
    save_guarded(whole := pack_molecules("A", SMILES, y), tmp_path / "A.safetensors")
    write_subset(tmp_path / "A.safetensors", "d", 4, "A~4", tmp_path / "part.safetensors")
    part, index = PackedGraphs.load(tmp_path / "part.safetensors"), drawn(4, len(SMILES))
    assert part.smiles == tuple(SMILES[i] for i in index)
    assert np.array_equal(part.y, whole.y[index])
    assert (part.name, part.info["dropped"], part.info["subset"]["molecules"]) == ("A~4", [], len(SMILES))


def test_the_job_leaves_a_checked_file_and_says_what_it_is(corpus: Path, tmp_path: Path) -> None:
    packed, guard = tmp_path / "A~5.safetensors", tmp_path / "A~5.guard.json"
    job(corpus, guard_of(corpus), "A", "5", packed, guard)
    assert verified(packed) == sha256(packed)
    report = read_json(guard)
    assert (report["name"], report["graphs"], report["content"]) == ("A~5", 5, "own")
    assert report["provenance"] == "5 of 9 molecules of A, drawn with seed 0; mine"
    assert open_packed(packed).info["subset"]["sha256"] == sha256(corpus)


def test_more_than_there_are_is_refused_with_their_number(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(RelampError, match="A has 9 molecules, fewer than the 1,000 asked for"):
        job(corpus, guard_of(corpus), "A", "1000", tmp_path / "b.safetensors", tmp_path / "b.guard.json")
    assert not (tmp_path / "b.safetensors").exists()
