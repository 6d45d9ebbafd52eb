"""What the answers of readings do to a training: any two of them give another one."""

from contextlib import suppress
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from image_sets import two_classes
from model_graphs import random_graphs
from node_graphs import random_nodes
from relamp.method.table import METHODS
from relamp.settings.base import Settings
from relamp.study.overrides import overridden, place
from relamp.study.readings import TRAINING, Reading, all_readings
from relamp.train.trainer import Trained
from training import CLASSES, same, train

SMALL: dict[str, dict[str, Any]] = {
    "graphs": {"epochs": 2, "checkpoints": (0, 2), "batch_size": 8, "hidden": 8, "layers": 2, "local_nodes": 10},
    "nodes": {"epochs": 4, "checkpoints": (0, 2), "hidden": 8, "sample_size": 15, "branches": ("average", "a", "b")},
    # By a lower threshold than the default images have more than one partner, of which scores choose.
    "images": {"epochs": 2, "checkpoints": (0, 2), "batch_size": 8, "width": 2, "projection": 6}
    | {"mix": {"scope": "op", "threshold": 0.2, "score_gradient": False}},
}
GRAPHS = replace(random_graphs(0, count=21), info={"node_labels": [[0, 1, 2, 3]]})
# Some readings are of data without labels, of attributes, or of batches of many graphs.
DATA: dict[str, dict[str, Any]] = {
    "graphs": {
        "labelled": GRAPHS,
        "unlabelled": replace(random_graphs(1, count=21, cardinality=(1,)), name="unlabelled"),
        "attributed": replace(GRAPHS, attributes=np.random.default_rng(0).random((len(GRAPHS.x), 2), dtype=np.float32)),
        "many": random_graphs(2, count=600, most=2),
    },
    "nodes": {
        "one": random_nodes(0, sizes=(40,)),
        "citeseer": replace(random_nodes(1, sizes=(40,)), name="Citeseer"),
        "cora": replace(random_nodes(2, sizes=(40,)), name="Cora"),
    },
    "images": {"two": two_classes()},
}


@cache
def trained(domain: str, method: str, data: str, settings: str) -> Trained:
    return train(domain, method, DATA[domain][data], CLASSES[domain].model_validate_json(settings))


def answered(reading: Reading, method: str) -> dict[str, Settings]:
    """By answer the settings of a method, for those that it can take."""
    row, small = METHODS[reading.domain][method], CLASSES[reading.domain].model_validate(SMALL[reading.domain])
    found = {}
    for name, values in reading.answers.items():
        if values and all(place(small, row, key) for key in values):
            with suppress(ValueError):
                found[name] = overridden(small, row, values)
    return found


def pairs() -> list[Any]:
    """Each reading with one method for each class that it concerns."""
    found = []
    for reading in all_readings():
        if reading.of == TRAINING and reading.domain in SMALL and len(reading.answers) > 1:
            rows = METHODS[reading.domain]
            makers = {row.maker: method for method, row in reversed(rows.items()) if reading.concerns(method)}
            found += [
                pytest.param(reading, method, id=f"{reading.paper}-{reading.domain}-{reading.key}-{method}")
                for method in makers.values()
                if len(answered(reading, method)) > 1
            ]
    return found


@pytest.mark.parametrize(("reading", "method"), pairs())
def test_any_two_answers_train_to_something_else(reading: Reading, method: str) -> None:
    found = {name: made.model_dump_json() for name, made in answered(reading, method).items()}
    for one, two in combinations(found, 2):
        runs = (
            [trained(reading.domain, method, data, found[name]) for name in (one, two)] for data in DATA[reading.domain]
        )
        assert not all(same(*pair) for pair in runs), f"{one} and {two}: the same"
