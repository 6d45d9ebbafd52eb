from dataclasses import replace

import numpy as np
import pytest

from model_graphs import random_graphs
from own_graphs import with_attributes
from relamp.data.features import node_features, num_columns
from relamp.data.packed import PackedGraphs
from unions import packed, path, star, undirected

# A path of degrees 1 2 1 and a star of degrees 3 1 1 1, with a self-loop that counts nothing; upstream's labels 0 5 9.
LABELS = np.array([[0], [1], [2], [2], [0], [0], [1]])
SHAPES = replace(packed([path(3), undirected(4, [(0, 1), (0, 2), (0, 3), (1, 1)])]), name="shapes")
LABELLED = replace(SHAPES, x=LABELS, cardinality=(3,), info={"node_labels": [[0, 5, 9]]})
DEGREES = [[0, 1, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0], [0, 1, 0]]  # 3 shares the column of 2
ONE_HOT = np.eye(3)[LABELS[:, 0]].tolist()
CONSTANT = [[1]] * 7


def beside(one: list[list[float]], two: list[list[float]]) -> list[list[float]]:
    return [[*a, *b] for a, b in zip(one, two, strict=True)]


@pytest.mark.parametrize(
    ("features", "labelled", "plain"),
    [
        ("labels", ONE_HOT, CONSTANT),
        ("degrees", DEGREES, DEGREES),
        ("labels-or-degrees", ONE_HOT, DEGREES),
        ("labels-and-degrees", beside(ONE_HOT, DEGREES), DEGREES),
        ("attributes", beside(ONE_HOT, DEGREES), DEGREES),
    ],
)
def test_what_a_node_shows(features, labelled, plain) -> None:
    for data, expected in ((LABELLED, labelled), (SHAPES, plain)):
        assert node_features(data, features, 2).toarray().tolist() == expected
        assert num_columns(data, features, 2) == len(expected[0])


def apart(data: PackedGraphs) -> PackedGraphs:
    return replace(with_attributes(data), attributes_apart=True)


def test_attributes_apart_are_shown_alone_or_not_at_all() -> None:
    data = apart(LABELLED)
    assert np.array_equal(node_features(data, "attributes", 2).toarray(), data.attributes)
    assert num_columns(data, "attributes", 2) == 2
    for features in ("labels", "degrees", "labels-or-degrees", "labels-and-degrees"):
        assert np.array_equal(
            node_features(data, features, 2).toarray(), node_features(LABELLED, features, 2).toarray()
        )


def test_the_label_0_shares_the_column_of_the_last_as_in_mvgrls_loader() -> None:
    # It writes a 1 into column `label - 1`, and column -1 is the last.
    for labels in ([0, 1, 2, 3], [1, 2, 3]):
        graphs = random_graphs(0, cardinality=(len(labels),))
        data = replace(graphs, info={"node_labels": [labels]})
        width = max(labels)
        expected = np.zeros((len(data.x), width))
        for row, category in zip(expected, data.x[:, 0], strict=True):
            row[labels[category] - 1] = 1
        found = node_features(data, "labels", 9, "shared").toarray()
        assert np.array_equal(found, expected)
        assert num_columns(data, "labels", 9, "shared") == width
    # Of several columns, or of labels that upstream does not number, each keeps its own.
    two = replace(random_graphs(0, cardinality=(2, 2)), info={"node_labels": [[0, 1], [0, 1]]})
    words = replace(random_graphs(0), info={"node_labels": [["C", "N", "O", "S"]]})
    for data in (two, words, SHAPES):
        shared, own = (node_features(data, "labels", 9, how).toarray() for how in ("shared", "own"))
        assert np.array_equal(shared, own)


def test_a_star_of_more_leaves_than_columns() -> None:
    x = node_features(packed([star(5)]), "degrees", 3).toarray()
    assert x.argmax(axis=1).tolist() == [3, 1, 1, 1, 1]
    assert x.shape == (5, 4)
