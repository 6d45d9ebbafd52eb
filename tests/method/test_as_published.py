"""Rivals on graphs as their public codes have them, whatever the configuration says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model_graphs import random_graphs
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.published import load_protocols, load_published, run_as
from relamp.method.base import build
from relamp.method.table import METHODS
from relamp.settings.graphs import Pretraining
from relamp.study.overrides import place
from relamp.train.graphs import GraphTrainer

ROOT = Path(__file__).parents[2]
ROWS = METHODS["graphs"]
# Layers, width, its graph embedding, head, columns of features, batch, learning rate, epochs, scored every.
SIZES = {
    "infograph-code": (3, 32, 96, None, 4, 128, 0.001, 20, 20),
    "joao-code": (3, 32, 96, None, 4, 128, 0.01, 20, 20),
    "joaov2-code": (3, 32, 96, None, 4, 128, 0.001, 40, 20),
    "ad-gcl-code": (5, 32, 32, [32, 32], 1, 32, 0.001, 150, 5),
    "gcs-code": (5, 32, 160, [32, 32], 1, 128, 0.001, 50, 1),
    "rgcl-code": (3, 32, 96, None, 4, 128, 0.01, 40, 20),
    "autogcl-code": (5, 128, 640, None, 4 + 101 + 1, 128, 0.001, 30, 10),
}
# All else than in the codes.
OTHER = Pretraining(
    **{"epochs": 3, "checkpoints": (0, 3), "batch_size": 7, "learning_rate": 0.5, "hidden": 5, "layers": 1},
    **{"initialisation": "pytorch", "temperature": 3.0, "directions": "one", "shuffle": "never"},
    **{"self_loops": "all", "features": "degrees"},
)
DATA = random_graphs(0, count=12, cardinality=(4,))


def trainer(name: str, settings: Pretraining = OTHER) -> GraphTrainer:
    row = ROWS[name]
    method: Any = build({"maker": row.maker, "options": dict(row.fixed), "trains": True}, settings)
    return GraphTrainer(DATA, method, 0)


@pytest.mark.parametrize("name", SIZES)
def test_encoder_features_and_training_are_those_of_the_code(name: str) -> None:
    layers, width, dim, head, columns, batch, rate, epochs, every = SIZES[name]
    made = trainer(name)
    updates = made.encoder.updates
    assert (len(updates), updates[-1][-1].out_features, made.encoder.dim) == (layers, width, dim)
    assert updates[0][0].in_features == columns
    if head:
        assert [layer.out_features for layer in made.head[::2]] == head
    assert (made.settings.batch_size, made.settings.learning_rate) == (batch, rate)
    assert made.settings.epochs == epochs
    assert list(made.settings.checkpoints) == list(range(0, epochs + 1, every))
    # Xavier, with biases of zero.
    assert not updates[0][0].bias.any()
    variant = made.encoder.variant
    own = {"ad-gcl-code": ("before", 0.0, "last"), "gcs-code": ("before", 0.5, "layers")}
    assert (variant.norm, variant.dropout, variant.readout) == own.get(name, ("after", 0.0, "layers"))
    loops = made.batch(np.arange(12)).edge_index.diff(dim=0).eq(0).any()
    assert loops == (name in ("joao-code", "joaov2-code", "rgcl-code"))


@pytest.mark.parametrize("name", SIZES)
def test_what_is_configured_changes_nothing(name: str) -> None:
    row = ROWS[name]
    assert all(place(OTHER, row, key) is None for key in row.fixed["options"])
    one, two = (trainer(name, settings) for settings in (OTHER, Pretraining()))
    for made in (one, two):
        made.run_epoch()
    assert one.result.history == two.result.history
    assert torch.equal(one.embed()[""], two.embed()[""])


@pytest.mark.parametrize("name", SIZES)
def test_its_printed_row_is_measured_by_its_own_evaluation(name: str) -> None:
    printed = load_published(ROOT / "published", "lamp_table1")
    cells = printed[[run_as("lamp_table1", method) == name for method in printed["method"]]].dropna(subset=["value"])
    assert len(cells)
    protocols = load_protocols(ROOT / "published/protocols.yaml")
    measured = {protocols[how].evaluation for how in cells["measured_by"] if how and protocols[how].evaluation}
    assert ROWS[name].evaluation in ("", *EVALUATIONS)
    assert measured <= {ROWS[name].evaluation or "svm-rbf"}
    assert measured or name in ("autogcl-code", "infograph-code")
