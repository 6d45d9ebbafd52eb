import numpy as np
import pytest

from relamp.errors import RelampError
from relamp.evaluate.clustering import evaluate_clustering
from relamp.settings.evaluation import Scaling

Y = np.repeat([0, 1, 2], 20)
APART = np.random.default_rng(0).normal(size=(60, 4)) + 50 * np.eye(4)[Y]


def test_separate_classes_are_found_and_noise_is_not(rng: np.random.Generator) -> None:
    rows = evaluate_clustering(APART, Y, 0, range(3), starts=2)
    assert rows["run"].tolist() == [0, 0, 1, 1, 2, 2]
    assert rows["metric"].tolist() == ["nmi", "ari"] * 3
    assert (rows["value"] == 1).all()
    noise = evaluate_clustering(rng.normal(size=(60, 4)), Y, 0, [0], starts=2).set_index("metric")["value"]
    assert noise["ari"] < 0.3
    assert noise["nmi"] < 0.3


def test_scores_by_hand_where_a_class_is_torn_in_two() -> None:
    # Two clusters {0, 0, 1}, {1}: of the 6 pairs, the clusters join 3 and the classes 2, both together 1.
    rows = evaluate_clustering([[0.0], [0.1], [0.2], [9.0]], np.array([0, 0, 1, 1]), 0, [0], starts=5)
    scores = rows.set_index("metric")["value"]
    assert scores["ari"] == pytest.approx((1 - 2 * 3 / 6) / ((2 + 3) / 2 - 2 * 3 / 6), abs=1e-12)
    # Mutual information over the mean of both entropies, in bits.
    both = [0.5, 0.25, 0.25]
    clusters = -(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25))
    information = 1 + clusters + sum(p * np.log2(p) for p in both)
    assert scores["nmi"] == pytest.approx(information / ((1 + clusters) / 2))


def test_the_scale_of_embeddings_decides_what_is_found() -> None:
    def ari(x: list[list[float]], scaling: Scaling) -> float:
        rows = evaluate_clustering(x, np.array([0, 0, 1, 1]), 0, [0], 5, scaling)
        return float(rows.set_index("metric")["value"]["ari"])

    # Two directions: one far point alone leaves an inertia of 61.3 to the others, the directions 81; of length 1 none.
    directions = [[1.0, 0.0], [10.0, 0.0], [0.0, 1.0], [0.0, 10.0]]
    assert ari(directions, "none") < 1
    assert ari(directions, "length") == 1
    # Two small columns tell the classes and a large one does not: standardised they are worth 8, it 4.
    columns = [[0.0, 0.0, 0.0], [100.0, 0.0, 0.0], [0.0, 1.0, 1.0], [100.0, 1.0, 1.0]]
    assert ari(columns, "none") < 0
    assert ari(columns, "standard") == 1


def test_nodes_without_a_class_are_clustered_but_not_scored() -> None:
    y = Y.copy()
    y[[0, 30]] = -1
    assert evaluate_clustering(APART, y, 0, [0], starts=2)["value"].tolist() == pytest.approx([1, 1])


def test_runs_do_not_depend_on_their_company(rng: np.random.Generator) -> None:
    x = rng.normal(size=(60, 3))
    one = evaluate_clustering(x, Y, 5, range(2), starts=2)
    later = evaluate_clustering(x, Y, 5, [1], starts=2)
    assert later["value"].tolist() == one[one["run"] == 1]["value"].tolist()


def test_what_cannot_be_clustered_is_refused() -> None:
    with pytest.raises(RelampError, match="no classes"):
        evaluate_clustering(APART, np.zeros((60, 2)), 0, [0], 1)
    with pytest.raises(RelampError, match="must be finite"):
        evaluate_clustering(np.full((60, 2), np.inf), Y, 0, [0], 1)
