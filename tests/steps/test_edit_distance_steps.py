"""From packed graphs and trained encoders to the rows of Table 10."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model_graphs import random_graphs
from relamp.data.packed import PackedGraphs, map_arrays
from relamp.errors import RelampError
from relamp.evaluate.edit_distance import cosine, edit_scores
from relamp.settings.graphs import EditDistanceProtocol
from relamp.steps.edit_distance import EDIT_COLUMNS, edits, score_edit_distance
from relamp.train.jobs import embed_edits
from training import params, run_job

PROTOCOL = {"nodes": [6, 5], "graphs": 15}
TRAINING = {"epochs": 2, "checkpoints": [0, 2], "batch_size": 16, "hidden": 8}
SETTINGS = {**TRAINING, "layers": 2, "mmix": {"training": TRAINING, "features": "labels-and-degrees"}}


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    random_graphs(0, count=120).save(tmp_path / "data.safetensors")
    return tmp_path / "data.safetensors"


@pytest.mark.parametrize("method", ["mp-mix", "graphcl"])
def test_from_trained_encoders_to_rows(packed: Path, tmp_path: Path, method: str) -> None:
    seeds, row = [0, 1], params("graphs", method)
    folders = {seed: tmp_path / f"seed~{seed}" for seed in seeds}
    run_job(packed, folders, tmp_path / "state", "graphs", row, SETTINGS)
    outputs = {seed: folder / "edits.safetensors" for seed, folder in folders.items()}
    encoders = {seed: folder / "encoder.safetensors" for seed, folder in folders.items()}
    embed_edits(packed, encoders, seeds, row, SETTINGS, PROTOCOL, outputs)
    labels = {"method": method, "dataset": "random"}
    score_edit_distance(packed, seeds, outputs, labels, PROTOCOL, tmp_path / "rows.csv")
    rows = pd.read_csv(tmp_path / "rows.csv")
    assert tuple(rows.columns) == EDIT_COLUMNS
    assert len(rows) == 2 * 2 * 3
    assert set(rows["method"]) == {method}
    arrays = map_arrays(outputs[1])[0]
    assert arrays["n~5"].shape[:2] == (3, 15)
    anchor, positive, negative = arrays["n~5"]
    scores = edit_scores(cosine(anchor, positive), cosine(anchor, negative))
    found = rows[(rows["n"] == 5) & (rows["seed"] == 1)].set_index("metric")["value"]
    assert found.to_dict() == pytest.approx(scores)
    # Anchors of the two sizes differ, and so do seeds.
    assert (map_arrays(outputs[0])[0]["n~5"] != arrays["n~5"]).any()
    with pytest.raises(RelampError, match="holds no embeddings of these triplets"):
        score_edit_distance(packed, seeds, outputs, labels, {**PROTOCOL, "graphs": 14}, tmp_path / "rows.csv")


@pytest.mark.parametrize("kernel", ["wl", "hist-kernel"])
def test_kernels_need_no_embeddings(packed: Path, tmp_path: Path, kernel: str) -> None:
    labels = {"method": kernel, "dataset": "random"}
    score_edit_distance(packed, [0, 1, 2], {}, labels, PROTOCOL, tmp_path / "rows.csv")
    rows = pd.read_csv(tmp_path / "rows.csv")
    assert len(rows) == 3 * 2 * 3
    assert rows["value"].between(0, 1).all()
    assert (rows[rows["metric"] == "accuracy"]["value"] > 0).any()


def test_a_size_has_its_own_triplets(packed: Path) -> None:
    data = PackedGraphs.load(packed)
    both = dict(edits(data, EditDistanceProtocol(nodes=(6, 5), graphs=10), 3))
    alone = dict(edits(data, EditDistanceProtocol(nodes=(5,), graphs=10), 3))
    assert (both[5].negative.edge_index == alone[5].negative.edge_index).all()
    assert np.array_equal(both[5].anchor.y, alone[5].anchor.y)
