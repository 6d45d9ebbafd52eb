"""From stored encoders to the rows of the check of LAMP's Theorem 4.1."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from guarded import save_guarded
from model_graphs import random_graphs
from relamp.data.folds import save_folds, stratified_folds
from relamp.data.packed import PackedGraphs, map_arrays
from relamp.data.rows import read_table
from relamp.errors import RelampError
from relamp.evaluate.pruned_views import COLUMNS
from relamp.method.lamp import Lamp
from relamp.runtime.files import sha256
from relamp.runtime.sealed import read_sealed
from relamp.settings.evaluation import InformationProtocol
from relamp.settings.graphs import Pretraining
from relamp.train.graphs import GraphTrainer
from relamp.train.information import Views, information
from training import make, params, run_job

SEEDS = (0, 1)
SETTINGS: dict[str, Any] = {"epochs": 1, "checkpoints": (1,), "hidden": 4, "layers": 2, "batch_size": 16}
PROTOCOL: dict[str, Any] = {"gammas": [0.2, 0.5], "augmentations": ["node_drop", "attribute_masking"], "steps": 2}
PROTOCOL |= {"estimators": ["neighbours", "info_nce"], "readings": ["code"]}


def graphs() -> PackedGraphs:
    data = random_graphs(0, count=60)
    return replace(data, y=np.arange(60) % 2)


def settings(**over: Any) -> Pretraining:
    return Pretraining.model_validate({**SETTINGS, **over})


def measured(folder: Path, name: str = "lamp-mag", protocol: dict[str, Any] | None = None) -> pd.DataFrame:
    data, chosen, method = graphs(), settings(), params("graphs", name)
    path, folds = save_guarded(data, folder / "data.safetensors"), {}
    for seed in SEEDS:
        folds[seed] = folder / f"folds{seed}.csv"
        save_folds(folds[seed], stratified_folds(data.y, 3, seed))
    folders = {seed: folder / name / f"seed~{seed}" for seed in SEEDS}
    words = chosen.model_dump(mode="json")
    run_job(path, folders, folder / "state", "graphs", method, words)
    encoder = {seed: each / "encoder.safetensors" for seed, each in folders.items()}
    labels = {"method": name, "dataset": "random", "setting": "gamma~0.2_alpha~1"}
    trainer, output = "relamp.train.graphs:GraphTrainer", folder / "rows.csv"
    information(path, encoder, folds, SEEDS, labels, method, words, trainer, {**PROTOCOL, **(protocol or {})}, output)
    assert read_sealed(output)[0]["data"] == sha256(path)
    return read_table(output)


def views(seed: int = 0, name: str = "lamp-mag", **over: Any) -> Views:
    return Views(GraphTrainer(graphs(), make("graphs", name, settings(**over)), seed), "magnitude")


def test_rows_have_every_view_by_every_estimator_and_are_the_same_each_time(tmp_path: Path) -> None:
    rows = measured(tmp_path)
    assert tuple(rows.drop(columns=["method", "dataset", "setting", "gamma", "alpha"])) == COLUMNS
    assert not rows.drop(columns="value").duplicated().any()
    assert rows["value"].notna().all()
    counts = pd.crosstab(rows["view"], rows["estimator"]) / len(SEEDS)
    assert counts["classes"].to_dict() == {
        **{"encoder": 1, "pruned": 2, "node_drop": 2, "attribute_masking": 2, "noise": 2, "wl": 1}
    }
    assert counts["info_nce"].to_dict() == {
        **{"encoder": 0, "pruned": 2, "node_drop": 1, "attribute_masking": 1, "noise": 2, "wl": 0}
    }
    pd.testing.assert_frame_equal(measured(tmp_path), rows)
    # Colours bound what an encoder tells apart, and it is the same as itself.
    classes = rows[rows["estimator"] == "classes"].groupby("view")["value"].max()
    assert classes["encoder"] <= classes["wl"]
    assert (rows.loc[(rows["view"] == "encoder") & (rows["estimator"] == "same"), "value"] == 1).all()


def test_further_views_change_no_others(tmp_path: Path) -> None:
    rows = measured(tmp_path)
    more = measured(tmp_path, protocol={"draws": 4, "gammas": [0.5, 0.2, 0.9], "readings": ["paper", "code"]})
    key = [name for name in rows if name != "value"]
    both = rows.merge(more, on=key, suffixes=("", "_more"))
    assert len(both) == len(rows)
    assert (both["value"] == both["value_more"]).all()


def test_the_dense_encoder_gives_what_training_stored(tmp_path: Path) -> None:
    measured(tmp_path)
    stored, _ = map_arrays(tmp_path / "lamp-mag" / "seed~0" / "embeddings.safetensors")
    holder = GraphTrainer(graphs(), make("graphs", "lamp-mag", settings()), 0)
    holder.run()
    np.testing.assert_allclose(Views(holder, "magnitude").embedded(), stored["epoch~1"], rtol=1e-4, atol=1e-4)


def test_a_pruned_view_is_the_sparse_branch_of_lamp() -> None:
    seen = views(lamp={"gamma": 0.5})
    found = {each[:2]: each[4] for each in seen.all(InformationProtocol(gammas=(0.5,), augmentations=(), noise=()))}
    method = make("graphs", "lamp-mag", settings(lamp={"gamma": 0.5}))
    assert isinstance(method, Lamp)
    method.start_epoch(seen)
    with torch.no_grad():
        expected = torch.cat([method.pruned(seen.encoder, batch).graph for batch in seen.batches])
    np.testing.assert_allclose(found["pruned", 0.5], expected.numpy())
    assert not np.allclose(found["pruned", 0.5], found["encoder", 0.0])


def test_graphs_whose_nodes_stand_in_another_order_are_not_told_apart() -> None:
    data = graphs()
    copies = data.take(np.repeat(np.arange(60), 2))
    edges, x = copies.edge_index.astype(np.int64), copies.x.copy()
    for g in range(1, 120, 2):
        nodes = slice(copies.node_offset[g], copies.node_offset[g + 1])
        order = np.random.default_rng(g).permutation(copies.num_nodes[g])
        x[nodes][order] = copies.x[nodes]
        of_graph = slice(copies.edge_offset[g], copies.edge_offset[g + 1])
        edges[:, of_graph] = order[edges[:, of_graph]]
    twice = replace(copies, x=x, edge_index=edges)
    # A self-loop on all nodes but the last depends on their order.
    seen = Views(GraphTrainer(twice, make("graphs", "untrained", settings(self_loops="all")), 0), "magnitude")
    z, colours = seen.embedded(), seen.colours()
    np.testing.assert_allclose(z[::2], z[1::2], rtol=1e-9, atol=1e-9)
    assert (colours[::2] == colours[1::2]).all()


def test_another_encoder_is_refused() -> None:
    with pytest.raises(RelampError, match="MMix: has no weights that LAMP prunes; take another"):
        views(name="mp-mix", mmix={"training": None})
