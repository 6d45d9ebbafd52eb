"""The methods that CONTRIBUTING.md shows run as they are."""

import re
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_graphs import random_graphs
from node_graphs import random_nodes
from relamp.method.base import Method
from training import CLASSES, TRAINERS

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```", TEXT, re.DOTALL | re.MULTILINE)]
FILES = [block for block in BLOCKS if "class Mine" in block]
DATA: dict[str, Any] = {"graphs": random_graphs(0, count=20), "nodes": random_nodes()}


@pytest.mark.parametrize(("domain", "source"), list(zip(DATA, FILES, strict=True)), ids=DATA)
def test_the_example_of_a_method_trains(domain: str, source: str) -> None:
    names: dict[str, Any] = {}
    exec(source, names)
    method = names["Mine"](CLASSES[domain](epochs=2, checkpoints=(0,)))
    assert isinstance(method, Method)
    history = TRAINERS[domain](DATA[domain], method, 0).run().history
    assert len(history) == 2
    assert all(np.isfinite(list(row.values())).all() for row in history)
