from collections import Counter
from itertools import pairwise
from typing import get_args

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model_graphs import random_graphs
from relamp.data.features import node_features
from relamp.data.packaged import pack
from relamp.evaluate.bag import MOST_COLUMNS, MOST_DEGREE, bag_of_features, bag_of_nodes
from relamp.evaluate.controls import majority
from relamp.settings.graphs import Features
from reordered import edgeless, renumbered
from unions import complete, graphs, labelled, packed, path, star, undirected


def test_node_labels_by_hand() -> None:
    data = labelled([([(0, 1), (2, 1), (0, 0)], []), ([], []), ([(2, 2)], [])], (3, 3))
    bag = bag_of_nodes(data)
    assert bag.dtype == np.float32
    # Column by column, the most frequent label first: 0 and 2 are as frequent, 1 does not occur; then 1, 0, 2.
    assert bag.tolist() == [[2, 1, 2, 1, 0], [0, 0, 0, 0, 0], [0, 1, 0, 0, 1]]


def test_degrees_by_hand_without_self_loops() -> None:
    data = packed([path(3), undirected(2, [(0, 0)]), star(4)])
    # Degrees 1 2 1, 0 0 and 3 1 1 1.
    assert bag_of_nodes(data).tolist() == [[0, 2, 1, 0], [2, 0, 0, 0], [0, 3, 0, 1]]


def test_rare_degrees_share_the_last_bin() -> None:
    # Two of 3,002 nodes have degree 1,000 and 1,001; that is less than a thousandth, the rest have degree 1.
    few = bag_of_nodes(packed([star(1001), star(1002), *[path(2)] * 500]))
    assert few.shape == (502, 2)
    assert few[:2].tolist() == [[0, 1001], [0, 1002]]
    # Half of the nodes have degree 600, the others 501: all of them above the cap.
    many = bag_of_nodes(packed([complete(601), complete(502), path(2)]))
    assert many.shape == (3, MOST_DEGREE + 1)
    assert many[:, MOST_DEGREE].tolist() == [601, 502, 0]
    assert many[2, 1] == 2


def test_rare_labels_share_the_last_bin() -> None:
    rng = np.random.default_rng(0)
    labels = [(int(a), int(b)) for a, b in zip(rng.permutation(3000), rng.integers(2, size=3000), strict=True)]
    bag = bag_of_nodes(labelled([(labels[:1000], []), (labels[1000:], [])], (3000, 2)))
    half = MOST_COLUMNS // 2
    assert bag.shape == (2, half + 2)
    assert bag[:, :half].sum() == 3000
    assert bag[:, half - 1].sum() == 3000 - (half - 1)


def test_nothing_but_empty_graphs() -> None:
    assert bag_of_nodes(packed([(0, []), (0, [])])).tolist() == [[0], [0]]
    assert bag_of_nodes(labelled([([], []), ([], [])], (4, 2))).shape == (2, 2)


@settings(max_examples=30, deadline=None)
@given(st.lists(graphs(), min_size=1, max_size=6))
def test_degrees_against_plain_loops(some: list) -> None:
    data = packed(some)
    bag = bag_of_nodes(data)
    for row, (nodes, edges) in zip(bag, some, strict=True):
        neighbours = Counter(len({b for a, b in edges if a == node and b != node}) for node in range(nodes))
        # With less than a thousand nodes nothing is capped.
        assert {degree: count for degree, count in enumerate(row.tolist()) if count} == neighbours
    assert bag.sum(axis=1).tolist() == data.num_nodes.tolist()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_neither_edges_nor_the_order_of_nodes_matter_to_a_bag_of_labels(seed: int) -> None:
    data = random_graphs(seed, count=5)
    blind = edgeless(renumbered(data, seed))
    np.testing.assert_array_equal(bag_of_nodes(blind), bag_of_nodes(data))


def test_real_data_with_one_column_of_labels_two_and_molecules() -> None:
    for name, columns in (("MUTAG", 7), ("Cuneiform", 7)):
        data = pack(name)
        bag = bag_of_nodes(data)
        assert bag.shape == (len(data), columns)
        assert (bag.sum(axis=1) == data.num_nodes * len(data.cardinality)).all()
    molecules = pack("Solubility")
    bag, atoms, chirality = bag_of_nodes(molecules), *molecules.x.T
    assert molecules.edge_attr is not None
    assert bag.shape[1] == len(np.unique(atoms)) + len(np.unique(chirality))


def test_a_bag_of_features_is_their_sum_over_the_nodes() -> None:
    data = random_graphs(0, count=4)
    for features in get_args(Features):
        x = node_features(data, features, 3).toarray()
        sums = [x[a:b].sum(axis=0) for a, b in pairwise(data.node_offset)]
        assert np.array_equal(bag_of_features(data, features, 3), sums)
    # Degrees 1 2 1 and 3 1 1 1, where 3 counts as 2.
    assert bag_of_features(packed([path(3), star(4)]), "degrees", 2).tolist() == [[0, 2, 1], [0, 3, 1]]
    assert bag_of_features(packed([(0, []), (2, [])]), "labels", 2).tolist() == [[0], [2]]


def test_the_most_frequent_class_by_hand() -> None:
    y, fold = np.array([0, 0, 1, 1, 1, 2]), np.array([0, 1, 0, 1, 2, 2])
    rows = majority(y, fold)
    # Outside fold 0 are 0 1 1 2, outside 1 are 0 1 1 2, outside 2 are 0 0 1 1, of which 0 is said.
    assert rows[rows["metric"] == "inner_accuracy"]["value"].tolist() == [0.5, 0.5, 0.5]
    assert rows[rows["metric"] == "test_accuracy"]["value"].tolist() == [0.5, 0.5, 0.0]
    assert rows["selected"].all()
