"""The jobs on nodes one after another, on small data: files in, files out."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from node_graphs import random_nodes
from relamp.data.nodes import PackedNodes
from relamp.data.packed import map_arrays
from relamp.errors import RelampError
from relamp.evaluate.linear_probe import evaluate_probe
from relamp.steps.node_rows import (
    CLUSTER_COLUMNS,
    PROBE_COLUMNS,
    cluster_embeddings,
    probe_embeddings,
    stored_embeddings,
)
from training import params, run_job

SETTINGS = {"epochs": 4, "checkpoints": [0, 2], "patience": None, "hidden": 6, "keep": "split"}
PROBE = {"runs": 3, "steps": 10}
LABELS = {"method": "mp-mix", "dataset": "random"}


def run(folder: Path, data: PackedNodes, settings: dict, seeds: tuple[int, ...] = (0, 1)) -> dict[int, Path]:
    data.save(folder / "data.safetensors")
    folders = {seed: folder / f"seed~{seed}" for seed in seeds}
    return run_job(folder / "data.safetensors", folders, folder / "state", "nodes", params("nodes", "mp-mix"), settings)


def test_from_nodes_to_rows(tmp_path: Path) -> None:
    data = random_nodes(0, sizes=(20, 30))  # with nodes in no part of the split there would be fewer rows
    data = PackedNodes(**{**vars(data), "test": data.test[:-5]})
    embeddings = run(tmp_path, data, {**SETTINGS, "branches": ["a", "average"]})
    folder = embeddings[0].parent
    assert {path.name for path in folder.iterdir()} == {
        "embeddings.safetensors",
        "encoder.safetensors",
        "history.csv",
        "run.json",
    }
    assert list(pd.read_csv(folder / "history.csv")) == ["epoch", "loss", "node", "diversity"]
    facts = json.loads((folder / "run.json").read_text())
    assert (facts["final_epoch"], facts["epochs"], facts["seed"], facts["method"]["name"]) == (4, 4, 0, "mp-mix")
    arrays, header = map_arrays(embeddings[0])
    assert {name: len(array) for name, array in arrays.items()} == {
        **{f"epoch~{epoch}_branch~{branch}": 45 for epoch in (0, 2) for branch in ("a", "average")},
        **{f"epoch~4_branch~{branch}": 50 for branch in ("a", "average")},
        "nodes": 45,
    }
    assert header == {"final_epoch": "4"}

    probe_embeddings(tmp_path / "data.safetensors", embeddings, LABELS, PROBE, tmp_path / "probe.csv")
    rows = pd.read_csv(tmp_path / "probe.csv")
    assert tuple(rows) == PROBE_COLUMNS
    assert len(rows) == 2 * 3 * 2 * 3 * 3  # seeds, epochs, branches, runs, parts
    assert set(rows[rows["final"]]["epoch"]) == {4}
    wanted = evaluate_probe(
        arrays["epoch~4_branch~a"], data.y, {"test": data.test, "train": data.train}, 0, range(3), steps=10
    ).query("split == 'test'")["value"]
    mine = rows.query("seed == 0 and epoch == 4 and branch == 'a' and split == 'test'")["value"]
    assert mine.tolist() == wanted.tolist()

    protocol = {"runs": 2, "starts": 1}
    cluster_embeddings(tmp_path / "data.safetensors", embeddings, LABELS, protocol, tmp_path / "clusters.csv")
    clusters = pd.read_csv(tmp_path / "clusters.csv")
    assert tuple(clusters) == CLUSTER_COLUMNS
    assert set(clusters["epoch"]) == {4}
    assert set(clusters["branch"]) == {"average"}  # not of one branch alone
    assert len(clusters) == 2 * 2 * 2  # seeds, runs, metrics


def test_untrained_has_rows_too(tmp_path: Path) -> None:
    embeddings = run(tmp_path, random_nodes(), {"epochs": 0, "hidden": 6}, (0,))
    assert pd.read_csv(embeddings[0].parent / "history.csv").empty
    probe_embeddings(tmp_path / "data.safetensors", embeddings, LABELS, PROBE, tmp_path / "probe.csv")
    assert pd.read_csv(tmp_path / "probe.csv")["final"].all()


def test_a_drawn_split_is_another_in_each_run(tmp_path: Path) -> None:
    data = random_nodes(sizes=(60,), split=False)
    embeddings = run(tmp_path, data, {"epochs": 1, "hidden": 6}, (0, 1))
    with pytest.raises(RelampError, match="no public split"):
        probe_embeddings(tmp_path / "data.safetensors", embeddings, LABELS, PROBE, tmp_path / "probe.csv")
    protocol = {**PROBE, "runs": 6, "split": "random", "shares": [0.3, 0.1]}
    for name in ("one.csv", "two.csv"):
        probe_embeddings(tmp_path / "data.safetensors", embeddings, LABELS, protocol, tmp_path / name)
    rows = pd.read_csv(tmp_path / "one.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert len(set(rows.query("split == 'test' and epoch == 0 and seed == 0")["value"])) > 1


def test_many_labels_are_scored_by_micro_f1_and_cannot_be_clustered(tmp_path: Path) -> None:
    data = random_nodes(sizes=(20, 10, 10), tasks=4)
    embeddings = run(tmp_path, data, {**SETTINGS, "inductive": True}, (0,))
    probe_embeddings(tmp_path / "data.safetensors", embeddings, LABELS, PROBE, tmp_path / "probe.csv")
    assert set(pd.read_csv(tmp_path / "probe.csv")["metric"]) == {"micro_f1"}
    with pytest.raises(RelampError, match="no classes"):
        cluster_embeddings(tmp_path / "data.safetensors", embeddings, LABELS, {}, tmp_path / "clusters.csv")


def test_nodes_without_an_embedding_are_not_probed(tmp_path: Path) -> None:
    data = random_nodes()
    embeddings = run(tmp_path, data, SETTINGS, (0,))
    PackedNodes(**{**vars(data), "test": data.test[:-4]}).save(tmp_path / "data.safetensors")
    fewer = tmp_path / "fewer.safetensors"
    z = np.zeros((3, 2), dtype=np.float32)
    save_file({"epoch~1_branch~a": z, "nodes": np.array([0, 1, 2])}, fewer, metadata={"final_epoch": "1"})
    with pytest.raises(RelampError, match="lacks the embeddings of 33 nodes"):
        probe_embeddings(tmp_path / "data.safetensors", {0: fewer}, LABELS, PROBE, tmp_path / "probe.csv")
    (stored,) = stored_embeddings(fewer, 40)
    assert stored.known.sum() == 3
    assert next(stored_embeddings(embeddings[0], 40)).known.all()


@pytest.mark.parametrize(
    ("arrays", "metadata"),
    [
        ({"epoch~1_branch~a": (3, 2)}, {"final_epoch": "1"}),
        ({"epoch~1_branch~a": (40, 2)}, {}),
        ({"weights": (40, 2)}, {"final_epoch": "1"}),
    ],
)
def test_other_files_are_refused(arrays: dict, metadata: dict, tmp_path: Path) -> None:
    path = tmp_path / "embeddings.safetensors"
    save_file({name: np.zeros(shape, dtype=np.float32) for name, shape in arrays.items()}, path, metadata=metadata)
    with pytest.raises(RelampError, match="delete it and run again"):
        list(stored_embeddings(path, 40))
