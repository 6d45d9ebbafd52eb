from dataclasses import replace

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from packed_examples import small_nodes
from relamp.data.nodes import PackedNodes, rows_scaled, sparse_parts, undirected


def test_what_a_small_set_says_of_itself() -> None:
    data = small_nodes()
    assert (data.num_nodes, data.num_graphs, data.num_classes) == (5, 2, 3)
    assert data.graph_of_node().tolist() == [0, 0, 0, 1, 1]
    dense = [[1, 0, 1], [0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    assert data.features().toarray().tolist() == dense
    weighted = small_nodes(np.array([0.5, 1, 2, 3, 4], dtype=np.float32)).features()
    assert weighted.toarray()[0].tolist() == [0.5, 0, 1]
    assert weighted.dtype == np.float32
    assert replace(data, y=np.zeros((5, 7), dtype=np.int8)).num_classes == 7


@given(st.integers(1, 9), st.data())
@settings(max_examples=50, deadline=None)
def test_undirected_equals_networkx(num_nodes: int, draw: st.DataObject) -> None:
    ends = st.integers(0, num_nodes - 1)
    pairs = np.array(draw.draw(st.lists(st.tuples(ends, ends))), dtype=np.int64).reshape(-1, 2)
    graph = nx.Graph([(a, b) for a, b in pairs.tolist() if a != b])
    expected = sorted([(a, b) for a, b in graph.edges] + [(b, a) for a, b in graph.edges])
    assert [tuple(edge) for edge in undirected(*pairs.T, num_nodes).T.tolist()] == expected


def test_a_graph_without_edges_or_nodes_has_an_empty_edge_index() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert undirected(none, none, 3).shape == (2, 0)
    assert undirected(none, none, 0).shape == (2, 0)


def test_sparse_parts_are_tidy() -> None:
    # Unsorted columns, an entry given twice and a stored zero.
    matrix = csr_matrix((np.array([1.0, 0.5, 0.5, 0]), np.array([2, 0, 0, 1]), np.array([0, 3, 4])), shape=(2, 3))
    offset, index, value = sparse_parts(matrix)
    assert (offset.tolist(), index.tolist(), value) == ([0, 2, 2], [0, 2], None)
    assert matrix.nnz == 4  # what was given is as it was
    value = sparse_parts(matrix * 2)[2]
    assert value is not None
    assert (value.tolist(), value.dtype) == ([2, 2], np.float32)


def test_a_set_is_built_from_what_readers_find() -> None:
    # Edges 0-1 in one direction and twice, 1-2 in both, and two self-loops, one of them twice.
    source, target = np.array([0, 0, 1, 2, 2, 2, 0]), np.array([1, 1, 2, 1, 2, 2, 0])
    x = csr_matrix(np.array([[1.0, 0], [0, 1], [0, 0]]))
    data = PackedNodes.build("built", x, (source, target), np.array([0, 1, 0]), {"test": np.array([2])}, more="facts")
    assert data.edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert data.features().toarray().tolist() == x.toarray().tolist()
    assert (data.train.tolist(), data.valid.tolist(), data.test.tolist()) == ([], [], [2])
    assert (data.num_graphs, data.info) == (1, {"self_loops_removed": 2, "more": "facts"})


def test_rows_scaled_by_hand() -> None:
    x = csr_matrix(
        np.array([[1, 0, 1, 1], [0, 0, 0, 0], [0.5, 1.5, 0, 0], [-1, 1, 0, 0], [0, 0, 7, 0]], dtype=np.float32)
    )
    third = np.float32(1 / 3)
    # A row of zeros stays, and one whose sum is 0 cannot be scaled.
    expected = [[third, 0, third, third], [0, 0, 0, 0], [0.25, 0.75, 0, 0], [-1, 1, 0, 0], [0, 0, 1, 0]]
    scaled = rows_scaled(x)
    np.testing.assert_array_equal(scaled.toarray(), np.array(expected, dtype=np.float32))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(rows_scaled(scaled).toarray(), scaled.toarray(), rtol=1e-6)  # twice is once
