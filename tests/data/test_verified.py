"""What is checked before it is used: packed data, and trained arrays."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guarded import save_guarded
from relamp.data.jobs import folds, pack, scaffold
from relamp.data.packed import PackedGraphs, write_columns
from relamp.data.verified import check_trained, guard_of, header_of, verified
from relamp.errors import RelampError
from relamp.graph.jobs import damage
from relamp.runtime.files import sha256
from training import params, run_job

FACTS = {"method": {"name": "lamp-mag"}, "settings": {"epochs": 6}, "seed": 0}
ARRAYS = {"epoch~0": np.arange(6, dtype=np.float32).reshape(2, 3), "nodes": np.array([0, 4])}
SETTINGS = {"epochs": 1, "checkpoints": [1], "batch_size": 64, "hidden": 4, "layers": 1, "local_nodes": 20}


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "MUTAG.safetensors"
    pack("MUTAG", path, tmp_path / "MUTAG.guard.json", tmp_path / "dropped.csv", None, None, tmp_path / "parts")
    return path


def test_the_guard_knows_the_packed_file(packed: Path) -> None:
    assert verified(packed) == sha256(packed)


def train(packed: Path) -> None:
    folder = packed.parent
    run_job(packed, {0: folder / "out"}, folder / "state", "graphs", params("graphs", "lamp-mag"), SETTINGS)


JOBS: dict[str, Callable[[Path], Any]] = {
    "pretrain": train,
    "folds": lambda packed: folds(packed, [0], 2, {0: packed.with_name("out")}),
    "scaffold": lambda packed: scaffold(packed, packed.with_name("out")),
    "damage": lambda packed: damage(packed, {"draws": 1}, packed.with_name("out")),
}


@pytest.mark.parametrize("job", JOBS)
def test_flipped_labels_are_refused_by_every_job(packed: Path, job: str) -> None:
    data = PackedGraphs.load(packed)
    y = np.array(data.y)
    y[:20] = 1 - y[:20]
    replace(data, y=y).save(packed)
    with pytest.raises(RelampError, match=r"MUTAG\.safetensors: was changed since it was packed .*; delete it and run"):
        JOBS[job](packed)
    assert not packed.with_name("out").exists()


def test_data_without_a_guard_that_knows_them_are_refused(packed: Path) -> None:
    guard = guard_of(packed)
    for text in ("{}", "[]"):
        guard.write_text(text)
        with pytest.raises(RelampError, match=r"MUTAG\.guard\.json: names no sha256 of MUTAG\.safetensors; delete it"):
            verified(packed)
    guard.unlink()
    with pytest.raises(RelampError, match=r"MUTAG\.guard\.json: is not there, by which .* is checked; make it with"):
        verified(packed)
    packed.unlink()
    with pytest.raises(RelampError, match=r"MUTAG\.safetensors: is not there; make it with `snakemake"):
        verified(packed)


def test_trained_arrays_are_those_of_their_header(tmp_path: Path) -> None:
    path = tmp_path / "embeddings.safetensors"
    write_columns(path, header_of(ARRAYS, FACTS), ARRAYS)
    check_trained(path, {"settings": {"epochs": 6}, "seed": 0})
    check_trained(path, {}, {"any": "protocol"})
    with pytest.raises(RelampError, match=r"was made with settings\.epochs 6, but 3 is asked for; delete it and run"):
        check_trained(path, {"settings": {"epochs": 3}})
    write_columns(path, header_of(ARRAYS, {**FACTS, "protocol": {"nodes": [5]}}), ARRAYS)
    with pytest.raises(RelampError, match=r"was made with protocol\.nodes \[5\], but \[6\] is asked for"):
        check_trained(path, {}, {"nodes": [6]})
    content = path.read_bytes()
    for damaged in (content[:-1] + bytes([content[-1] ^ 1]), content.replace(b"epoch~0", b"epoch~1")):
        path.write_bytes(damaged)
        with pytest.raises(RelampError, match="its arrays do not match the sha256 in its header"):
            check_trained(path, {})
    path.write_bytes(content[:-4])
    with pytest.raises(RelampError, match="is no safetensors file or is cut off"):
        check_trained(path, {})
    write_columns(path, {}, ARRAYS)
    with pytest.raises(RelampError, match="its arrays do not match the sha256 in its header"):
        check_trained(path, {})


def test_the_helper_of_tests_writes_what_jobs_check(tmp_path: Path, packed: Path) -> None:
    again = save_guarded(PackedGraphs.load(packed), tmp_path / "again.safetensors")
    assert verified(again) == verified(packed)
