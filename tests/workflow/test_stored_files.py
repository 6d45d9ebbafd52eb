"""Stored files that were lost or damaged after a small run: what the same command then does."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from made_once import MadeOnce
from slurm_cluster import SNAKEMAKE, copy_project, needs_snakemake, run
from timeless import timeless

CONFIG = """
preset: quick
unsupervised:
  datasets: [MUTAG]
  methods: [lamp-mag]
  kernels: []
  seeds: [0]
  sweeps: {gamma: [], alpha: []}
  svm: {folds: 3, inner_folds: 2, C: [1.0]}
  pretraining: {epochs: 2, checkpoints: [2], hidden: 8, layers: 2, local_nodes: 50}
"""
TARGET = "lamp_table1"
TABLES = "results/quick/tables"
ROWS = "results/quick/rows/svm-rbf/MUTAG/lamp-mag/gamma~0.2_alpha~1/rows.csv"
KEPT = "results/quick/state/rows/svm-rbf/MUTAG/lamp-mag/gamma~0.2_alpha~1"
NOTHING = "Nothing to be done"

pytestmark = needs_snakemake


@pytest.fixture(scope="module")
def finished(made_once: MadeOnce) -> Path:
    return made_once("finished", lambda folder: make(copy_project(folder, CONFIG)))


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, with all times as they were."""
    return shutil.copytree(finished, tmp_path / "project")


def make(folder: Path, *words: str, code: int = 0) -> str:
    return run(folder, *SNAKEMAKE, "--cores", "2", *words, "--", TARGET, code=code)


def rules(said: str) -> set[str]:
    return set(re.findall(r"^(?:local)?rule (\w+):$", said, flags=re.MULTILINE))


def shown(folder: Path) -> dict[str, bytes]:
    kinds = ("html", "csv", "md", "tex")  # the sidecar has the time
    return {kind: (folder / TABLES / f"{TARGET}.{kind}").read_bytes() for kind in kinds}


def edit(path: Path, change: Callable[[str], str]) -> None:
    text = path.read_text(encoding="utf-8")
    assert change(text) != text
    path.write_text(change(text), encoding="utf-8")


def longer(config: str) -> str:
    return config.replace("epochs: 2, checkpoints: [2]", "epochs: 3, checkpoints: [3]")


@pytest.mark.parametrize("damage", [lambda text: text[:-6] + "\n", lambda _: "garbage"], ids=["cut", "garbage"])
def test_a_kept_copy_that_was_damaged_is_made_again(finished: Path, folder: Path, damage: Callable[[str], str]) -> None:
    (kept,) = (folder / KEPT).iterdir()
    edit(kept, damage)
    (folder / ROWS).unlink()
    (folder / TABLES / f"{TARGET}.csv").unlink()
    make(folder)
    assert (folder / ROWS).read_bytes() == kept.read_bytes()
    assert timeless(folder / ROWS) == timeless(finished / ROWS)
    assert shown(folder) == shown(finished)


def test_damaged_rows_are_refused_and_the_earlier_table_stays(finished: Path, folder: Path) -> None:
    edit(folder / ROWS, lambda text: text[:-6] + "\n")
    said = make(folder, code=1)
    assert f"relamp: {ROWS}: its content does not match its sha256 line; delete it and run" in said
    assert f"relamp: {TABLES}/{TARGET}.html: the earlier version is back" in said
    assert shown(folder) == shown(finished)
    # It does not pass for made: the same command fails again, and the one that was named mends it.
    assert rules(make(folder, "--dry-run")) == {TARGET}
    (folder / ROWS).unlink()
    run(folder, *SNAKEMAKE, "--cores", "2", "--", ROWS)
    make(folder)
    assert shown(folder) == shown(finished)
    assert NOTHING in make(folder, "--dry-run")


def test_without_snakemakes_memory_a_changed_setting_trains_again(folder: Path) -> None:
    shutil.rmtree(folder / ".snakemake")
    assert NOTHING in make(folder, "--dry-run")
    edit(folder / "config.yaml", longer)
    assert rules(make(folder, "--dry-run")) == {"train_graphs", "score_svm_rbf_tables", TARGET}


def test_rows_of_other_settings_are_refused(folder: Path) -> None:
    """As if they had been copied from elsewhere: newer than all that they would be made of."""
    other = (folder / ROWS).read_bytes()
    edit(folder / "config.yaml", longer)
    make(folder)
    (folder / ROWS).write_bytes(other)
    said = make(folder, code=1)
    line = f"{ROWS}: was made with training.settings.checkpoints [2], but [3] is asked for (and 1 more differences)"
    assert line in said


def test_another_look_with_other_settings_reruns_nothing(folder: Path) -> None:
    run(folder, *SNAKEMAKE, "--dry-run", "--config", 'unsupervised={"svm": {"C": [2.0]}}', "--", TARGET)
    assert NOTHING in make(folder, "--dry-run")


def test_garbage_in_snakemakes_memory_reruns_nothing(folder: Path) -> None:
    files = [path for path in (folder / ".snakemake" / "metadata").rglob("*") if path.is_file()]
    assert files
    for path in files:
        path.write_text("garbage")
    assert NOTHING in make(folder, "--dry-run")


def test_a_missing_file_that_only_pages_link_is_made_again(folder: Path) -> None:
    """All files of all rules stand there, as empty ones; then one of them is gone."""
    said = run(folder, *SNAKEMAKE, "--dry-run", "--forceall", "--", "all")
    blocks = re.findall(r"^    output: (.*)$", said, flags=re.MULTILINE)
    for path in (folder / name for block in blocks for name in block.split(", ")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    touched = run(folder, *SNAKEMAKE, "--cores", "1", "--touch", "--", "all")
    assert touched
    assert NOTHING in run(folder, *SNAKEMAKE, "--dry-run", "--", "all")
    (folder / ROWS).unlink()
    assert NOTHING in make(folder, "--dry-run")
    assert "score_svm_rbf_tables" in rules(run(folder, *SNAKEMAKE, "--dry-run", "--", "all"))
