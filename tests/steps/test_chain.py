"""The jobs one after another, on small data: files in, files out."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_graphs import random_graphs
from relamp.data.folds import load_folds, save_folds
from relamp.data.packaged import pack
from relamp.data.packed import PackedGraphs
from relamp.data.scaffold import scaffold_split
from relamp.errors import RelampError
from relamp.judge.summary import FINETUNE_ROWS, SVM_ROWS, finetune_cells, svm_cells
from relamp.steps.damage import measure_damage
from relamp.steps.data import pack_dataset
from relamp.steps.kernel import score_kernel
from relamp.steps.splits import fix_folds, fix_scaffold_split
from relamp.steps.svm import score_embeddings
from relamp.train.jobs import finetune
from training import params, run_job

SETTINGS = {"epochs": 3, "checkpoints": [0, 3], "batch_size": 16, "hidden": 8, "layers": 2, "local_nodes": 20}
PROTOCOL = {"folds": 3, "inner_folds": 2, "C": [0.1, 10.0]}


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    data = random_graphs(0, count=48)
    path = tmp_path / "data.safetensors"
    data.save(path)
    return path


def run_pretraining(packed: Path, results: Path, seeds: list[int], method: str = "lamp-mag") -> dict[int, Path]:
    folders = {seed: results / method / f"seed~{seed}" for seed in seeds}
    run_job(packed, folders, results / "state" / method, "graphs", params("graphs", method), SETTINGS)
    return folders


def test_from_packed_graphs_to_table_cells(packed: Path, tmp_path: Path) -> None:
    seeds = [0, 1]
    folds = {seed: tmp_path / f"folds{seed}.csv" for seed in seeds}
    fix_folds(packed, 3, folds)
    parts = []
    for method in ("lamp-mag", "untrained"):
        folders = run_pretraining(packed, tmp_path / "r", seeds, method)
        output = tmp_path / f"{method}.csv"
        embeddings = {seed: folder / "embeddings.safetensors" for seed, folder in folders.items()}
        labels = {"method": method, "dataset": "random"}
        score_embeddings(packed, embeddings, folds, labels, PROTOCOL, output)
        parts.append(pd.read_csv(output))
    for kernel in ("wl", "graphlet"):
        labels = {"method": kernel, "dataset": "random"}
        score_kernel(packed, folds, labels, PROTOCOL, {"wl_iterations": 2}, tmp_path / f"{kernel}.csv")
        parts.append(pd.read_csv(tmp_path / f"{kernel}.csv"))
    rows = pd.concat(parts)
    assert list(rows.columns) == SVM_ROWS
    # Two epochs for the trained method, one for the control: seeds x folds x candidates x metrics.
    assert rows.groupby("method").size().to_dict() == {"graphlet": 24, "lamp-mag": 48, "untrained": 24, "wl": 24}
    cells = svm_cells(rows).set_index("method")
    assert set(cells.index) == {"lamp-mag", "untrained", "wl", "graphlet"}
    assert (cells["folds"] == 3).all()
    chosen = rows[(rows.method == "wl") & rows.selected & (rows.metric == "test_accuracy")]
    assert cells.loc["wl", "mean"] == pytest.approx(100 * chosen.value.mean())


def test_folds_that_cannot_be_filled_name_the_data_set(tmp_path: Path) -> None:
    pack_dataset("Cuneiform", tmp_path / "c.safetensors", tmp_path / "c.json", tmp_path / "c.csv")
    with pytest.raises(RelampError, match="Cuneiform"):
        fix_folds(tmp_path / "c.safetensors", 10, {0: tmp_path / "f.csv"})
    assert not (tmp_path / "f.csv").exists()


def test_packing_writes_the_guards_report_and_what_was_dropped(tmp_path: Path) -> None:
    pack_dataset("NCI", tmp_path / "n.safetensors", tmp_path / "n.json", tmp_path / "n.csv")
    data, report = PackedGraphs.load(tmp_path / "n.safetensors"), json.loads((tmp_path / "n.json").read_text())
    dropped = pd.read_csv(tmp_path / "n.csv")
    assert report["graphs"] == len(data)
    assert len(data) + len(dropped) == 4999


def test_damage_rows_do_not_depend_on_which_others_are_measured(packed: Path, tmp_path: Path) -> None:
    one = {"augmentations": ["node_drop"], "draws": 2}
    both = {"augmentations": ["subgraph", "node_drop"], "draws": 2}
    measure_damage(packed, one, tmp_path / "one.csv")
    measure_damage(packed, both, tmp_path / "both.csv")
    alone, all_rows = pd.read_csv(tmp_path / "one.csv"), pd.read_csv(tmp_path / "both.csv")
    assert len(alone) == 48 * 2 * 2
    same = all_rows[all_rows.augmentation == "node_drop"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, same)


@pytest.fixture
def molecules(tmp_path: Path) -> Path:
    data = pack("Solubility")[0].take(np.arange(0, 1282, 6))
    data.save(tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


def test_transfer_rows(molecules: Path, tmp_path: Path) -> None:
    settings = {**SETTINGS, "checkpoints": [], "epochs": 1}
    folder = tmp_path / "encoder"
    run_job(molecules, {0: folder}, tmp_path / "state", "molecules", params("graphs", "lamp-soft"), settings)
    output, split = tmp_path / "rows.csv", tmp_path / "split.csv"
    fix_scaffold_split(molecules, split)
    assert np.bincount(load_folds(split)).tolist() == [
        len(part) for part in scaffold_split(PackedGraphs.load(molecules).smiles)
    ]
    finetune(
        molecules,
        split,
        split,
        folder / "encoder.safetensors",
        [0, 1],
        (8, 2),
        tmp_path / "state" / "finetune",
        {"method": "lamp-soft", "dataset": "Solubility", "gamma": 0.2, "alpha": 1.0},
        {"epochs": 2, "batch_size": 32},
        output,
    )
    rows = pd.read_csv(output)
    assert list(rows.columns) == FINETUNE_ROWS
    assert len(rows) == 2 * 2 * 2
    assert rows["value"].between(0, 1).all()
    cells = finetune_cells(rows)
    last = rows[(rows.epoch == 2) & (rows.split == "test")]
    assert cells["mean"].item() == pytest.approx(100 * last["value"].mean())


def test_folds_file_is_read_back(tmp_path: Path) -> None:
    save_folds(tmp_path / "f.csv", np.array([0, 1, 2, 0]))
    assert load_folds(tmp_path / "f.csv").tolist() == [0, 1, 2, 0]
