"""Which graphs are told apart, by hand and against networkx's colours."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_graphs import graph_of, random_graphs
from relamp.evaluate.collisions import colour_partition, partition, same_partition


def test_rows_are_equal_up_to_a_hundred_thousandth_of_the_largest() -> None:
    z = np.array([[1e6, 0.0, -0.0], [1e6 - 1, 0.0, 0.0], [1e6 - 100, 0.0, 0.0], [-1e6, 0.0, 0.0]])
    classes = partition(z)
    assert classes[0] == classes[1]
    assert len(set(classes[[0, 2, 3]])) == 3


def test_partitions_are_the_same_whatever_their_numbers() -> None:
    assert same_partition(np.array([0, 1, 1, 2]), np.array([5, 3, 3, 0]))
    assert not same_partition(np.array([0, 1, 1, 2]), np.array([0, 1, 2, 2]))
    assert not same_partition(np.array([0, 1, 1, 2]), np.array([0, 1, 1, 1]))


@given(st.integers(0, 500), st.integers(0, 4))
def test_colours_as_networkx_has_them(seed: int, rounds: int) -> None:
    data = random_graphs(seed, count=30, cardinality=(2,), most=5)
    graph = np.repeat(np.arange(len(data)), data.num_nodes)
    found = colour_partition(data.x, data.global_edge_index(), graph, len(data), rounds)
    graphs = [graph_of(data, g) for g in range(len(data))]
    for each in graphs:
        nx.set_node_attributes(each, {node: str(words["label"]) for node, words in each.nodes(data=True)}, "label")
    if rounds:
        hashes = [nx.weisfeiler_lehman_graph_hash(g, node_attr="label", iterations=rounds) for g in graphs]
    else:
        hashes = [str(sorted(nx.get_node_attributes(g, "label").values())) for g in graphs]
    assert same_partition(found, np.unique(hashes, return_inverse=True)[1])


@pytest.mark.parametrize(("labels", "classes"), [(None, 1), ([[1], [1], [2], [2]], 2)])
def test_labels_of_edges_are_seen(labels: list[list[int]] | None, classes: int) -> None:
    edges, attr = np.array([[0, 1, 2, 3], [1, 0, 3, 2]]), None if labels is None else np.array(labels)
    found = colour_partition(np.zeros((4, 1)), edges, np.array([0, 0, 1, 1]), 2, 1, attr)
    assert len(set(found)) == classes


def test_a_triangle_twice_and_a_ring_of_six_are_alike_and_graphs_without_nodes_too() -> None:
    ring = [(i, (i + 1) % 6) for i in range(6)]
    triangles = [(6 + i, 6 + (i + 1) % 3) for i in range(3)] + [(9 + i, 9 + (i + 1) % 3) for i in range(3)]
    edges = np.array([*ring, *triangles]).T
    edges = np.concatenate([edges, edges[::-1]], axis=1)
    found = colour_partition(np.zeros((12, 1)), edges, np.repeat([1, 2], 6), 4, 3)
    assert found[1] == found[2] != found[0] == found[3]
