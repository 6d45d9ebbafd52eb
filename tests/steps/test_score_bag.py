"""The bag of labels from packed graphs to rows, by its step and by the script that the workflow runs."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from model_graphs import random_graphs
from relamp.data.folds import load_folds, save_folds
from relamp.data.jobs import folds as write_folds
from relamp.data.packaged import pack
from relamp.data.packed import PackedGraphs
from relamp.errors import RelampError
from relamp.evaluate.bag import bag_of_nodes
from relamp.evaluate.svm import evaluate_svm
from relamp.judge.rows import SVM_ROWS
from relamp.judge.summary import svm_cells
from relamp.steps.bag import score_bag

PROTOCOL = {"folds": 3, "inner_folds": 2, "C": [0.1, 10.0]}
SCRIPT = Path(__file__).parents[2] / "workflow" / "scripts" / "bag.py"


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "data.safetensors"
    random_graphs(0, count=48).save(path)
    return path


@pytest.fixture
def folds(packed: Path, tmp_path: Path) -> dict[int, Path]:
    paths = {seed: tmp_path / f"folds{seed}.csv" for seed in (0, 1)}
    write_folds(packed, list(paths), 3, paths)
    return paths


def test_rows_are_those_of_the_support_vector_machine(packed: Path, folds: dict[int, Path], tmp_path: Path) -> None:
    score_bag(packed, folds, PROTOCOL, tmp_path / "rows.csv")
    rows, data = pd.read_csv(tmp_path / "rows.csv"), PackedGraphs.load(packed)
    assert list(rows.columns) == SVM_ROWS
    assert set(rows["method"]) == {"bag"}
    assert set(rows["dataset"]) == {data.name}
    assert rows[["gamma", "alpha", "epoch"]].isna().all(axis=None)
    assert len(rows) == 2 * 3 * 2 * 2
    own = evaluate_svm(bag_of_nodes(data), data.y, load_folds(folds[1]), 1, (0.1, 10.0), 2)
    of_seed = rows.loc[rows["seed"] == 1, own.columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_seed, own)
    assert svm_cells(rows)["folds"].item() == 3


def test_the_script_hands_everything_on(packed: Path, folds: dict[int, Path], tmp_path: Path) -> None:
    score_bag(packed, folds, PROTOCOL, tmp_path / "rows.csv")
    job = SimpleNamespace(
        input=SimpleNamespace(data=str(packed), folds=[str(path) for path in folds.values()]),
        params=SimpleNamespace(seeds=list(folds), protocol=PROTOCOL),
        output=[str(tmp_path / "again.csv")],
    )
    runpy.run_path(str(SCRIPT))["main"](job)
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "rows.csv").read_bytes()


def test_several_tasks_are_refused(tmp_path: Path) -> None:
    data = pack("Solubility").take(np.arange(30))
    data.save(tmp_path / "m.safetensors")
    save_folds(tmp_path / "f.csv", np.arange(30) % 3)
    with pytest.raises(RelampError, match="y has shape"):
        score_bag(tmp_path / "m.safetensors", {0: tmp_path / "f.csv"}, PROTOCOL, tmp_path / "rows.csv")
