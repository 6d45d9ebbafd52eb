from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from node_graphs import random_nodes
from relamp.data.nodes import rows_scaled
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run
from relamp.evaluate.linear_probe import evaluate_probe
from relamp.evaluate.node_controls import majority, score_node_controls

PROBE = {"runs": 2, "steps": 10}


def run(folder: Path, method: str, **options: str) -> Run:
    random_nodes(0, sizes=(20, 30)).save(folder / "data.safetensors")
    return Run(folder / "data.safetensors", [7], {"method": method, "options": options}, PROBE)


@pytest.mark.parametrize("features", ["rows-scaled", "as-in-file"])
def test_raw_features_are_probed_as_embeddings_are(tmp_path: Path, features: str) -> None:
    rows = pd.concat(score_node_controls(run(tmp_path, "raw-features", features=features)))
    data = random_nodes(0, sizes=(20, 30))
    x = rows_scaled(data.features()) if features == "rows-scaled" else data.features()
    split = {"train": data.train, "valid": data.valid, "test": data.test}
    wanted = evaluate_probe(x.toarray(), data.y, split, 7, range(2), 10, 0.01, 0.0)
    assert rows["value"].tolist() == wanted["value"].tolist()
    assert rows[["seed", "branch", "final"]].drop_duplicates().to_numpy().tolist() == [[7, "average", True]]


def test_the_majority_is_that_of_training_and_of_equals_that_of_validation() -> None:
    y = np.array([0, 0, 1, 2, 2, 2, 1, 0, 1, 1, 2, 1])
    split = {"train": np.arange(6), "valid": np.array([6]), "test": np.arange(7, 12)}
    # Training says 2, though 1 is most frequent among the others.
    rows = majority(y, split, range(2)).set_index(["run", "split"])["value"]
    assert rows.to_dict() == {(r, part): v for r in (0, 1) for part, v in (("train", 0.5), ("valid", 0), ("test", 0.2))}
    tie = {**split, "train": np.arange(5), "valid": np.array([7, 8, 9])}  # twice 0, once 1, twice 2; then 0, 1, 1
    assert majority(y, tie, range(1)).set_index("split")["value"]["test"] == 1 / 5
    assert majority(y, {**tie, "valid": np.array([5])}, range(1)).set_index("split")["value"]["valid"] == 1


def test_of_several_labels_those_are_said_that_most_training_nodes_have() -> None:
    y = np.array([[1, 1], [1, 0], [1, 0], [0, 1], [1, 1]])
    split = {"train": np.arange(3), "valid": np.array([], dtype=int), "test": np.array([3, 4])}
    rows = majority(y, split, range(1))
    # Said: the first label for both; one is true, one label more is missed in each.
    assert rows.set_index("split")["value"]["test"] == pytest.approx(2 * 1 / (2 + 3))
    assert rows["metric"].unique().tolist() == ["micro_f1"]


def test_another_control_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match="no control 'bag' of nodes; known: raw-features, majority"):
        list(score_node_controls(run(tmp_path, "bag")))
