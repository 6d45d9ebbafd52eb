"""A small run that is ended, carried to another folder as if to another machine, and gone on with there."""

import shutil
import sys
from pathlib import Path

from relamp.runtime.sealed import read_sealed
from slurm_cluster import ENV, SNAKEMAKE, copy_project, needs_snakemake, run
from timeless import timeless

pytestmark = needs_snakemake

CONFIG = """
preset: quick
unsupervised:
  datasets: [MUTAG]
  methods: [lamp-mag]
  kernels: []
  seeds: [0, 1]
  sweeps: {gamma: [], alpha: []}
  svm: {folds: 2, inner_folds: 2, C: [1.0]}
  pretraining: {epochs: 4, checkpoints: [4], hidden: 8, layers: 2, local_nodes: 50}
"""
MAKE, RELAMP = [*SNAKEMAKE, "--cores", "1", "lamp_table1"], [sys.executable, "-m", "relamp"]


def made(folder: Path) -> dict[str, object]:
    paths = [*(folder / "results/quick/train").rglob("*.*"), *(folder / "results/quick/rows").rglob("rows.csv")]
    return {str(path.relative_to(folder)): timeless(path) for path in paths if path.is_file()}


def at(folder: Path, *words: str) -> str:
    return run(folder, *words, env={**ENV, "PYTHONPATH": str(folder / "src")})


def test_a_run_goes_on_elsewhere_to_the_same_bits(tmp_path: Path) -> None:
    here = copy_project(tmp_path / "here", CONFIG)
    at(here, *MAKE)
    whole = made(here)
    # As if it had been ended before the second seed.
    shutil.rmtree(here / "results/quick/state/rows")
    next((here / "results/quick/state/train").rglob("seed~1.pt")).unlink()
    there = copy_project(tmp_path / "there", CONFIG)
    place, packed = str(tmp_path / "store"), str(tmp_path / "store.zip")

    def log() -> str:
        (path,) = (there / "results/quick/logs/train").rglob("lamp-mag/*.log")
        return path.read_text()

    at(here, *RELAMP, "store", place)
    assert "1  trainings finished" in at(there, *RELAMP, "restore", place)
    at(there, *MAKE)
    assert made(there) == whole
    assert log().count("resumes after epoch 4 of 4") == 1
    # Now all is stored there, in one file, and a third machine trains and scores nothing.
    at(there, *RELAMP, "store", packed)
    rows = next((there / "results/quick/rows/svm-rbf/MUTAG/lamp-mag").rglob("rows.csv"))
    first = rows.read_bytes()
    for left in ("results", ".snakemake"):
        shutil.rmtree(there / left)
    assert "2  trainings finished" in at(there, *RELAMP, "restore", packed)
    at(there, *MAKE)
    assert made(there) == whole
    assert log().count("resumes after epoch 4 of 4") == 2
    # With the seconds of when they were made.
    assert rows.read_bytes() == first
    assert set(read_sealed(rows)[0]["made"]) == {"scoring", "training"}
