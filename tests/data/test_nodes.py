from dataclasses import fields, replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file
from scipy.sparse import csr_matrix

from relamp.data.nodes import PackedNodes, check_ends, sparse_parts, undirected
from relamp.errors import RelampError


def small(value: np.ndarray | None = None) -> PackedNodes:
    """Two graphs: the path 0-1-2 and the edge 3-4, with three features."""
    return PackedNodes(
        name="small",
        num_features=3,
        feature_offset=np.array([0, 2, 2, 3, 4, 5]),
        feature_index=np.array([0, 2, 1, 2, 0]),
        feature_value=value,
        edge_index=np.array([[0, 1, 1, 2, 3, 4], [1, 0, 2, 1, 4, 3]]),
        y=np.array([0, 1, -1, 2, 0]),
        train=np.array([0]),
        valid=np.array([1, 3]),
        test=np.array([4]),
        graph_offset=np.array([0, 3, 5]),
        info={"unlabelled": 1},
    )


def test_what_a_small_set_says_of_itself() -> None:
    data = small()
    assert (data.num_nodes, data.num_graphs, data.num_classes) == (5, 2, 3)
    assert data.graph_of_node().tolist() == [0, 0, 0, 1, 1]
    dense = [[1, 0, 1], [0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    assert data.features().toarray().tolist() == dense
    weighted = small(np.array([0.5, 1, 2, 3, 4], dtype=np.float32)).features()
    assert weighted.toarray()[0].tolist() == [0.5, 0, 1]
    assert weighted.dtype == np.float32
    assert replace(data, y=np.zeros((5, 7), dtype=np.int8)).num_classes == 7


@pytest.mark.parametrize("value", [None, np.array([0.5, 1, 2, 3, 4], dtype=np.float32)])
@pytest.mark.parametrize("tasks", [False, True])
def test_what_is_saved_comes_back_by_memory_map(tmp_path: Path, value: np.ndarray | None, tasks: bool) -> None:
    data = small(value)
    if tasks:
        data = replace(data, y=np.eye(5, 4, dtype=np.int8), train=data.train[:0], valid=data.train[:0])
    data.save(tmp_path / "a.safetensors")
    again = PackedNodes.load(tmp_path / "a.safetensors")
    for entry in fields(PackedNodes):
        np.testing.assert_array_equal(getattr(again, entry.name), getattr(data, entry.name), err_msg=entry.name)
    assert isinstance(again.edge_index.base, np.ndarray)
    assert again.features().toarray().tolist() == data.features().toarray().tolist()
    assert load_file(tmp_path / "a.safetensors")["edge_index"].dtype == np.uint8  # in the narrowest dtype
    data.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match="is not there"):
        PackedNodes.load(tmp_path / "a.safetensors")
    small().save(tmp_path / "a.safetensors")
    whole = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "a.safetensors").write_bytes(whole[:-30])
    with pytest.raises(RelampError, match=r"a\.safetensors: "):
        PackedNodes.load(tmp_path / "a.safetensors")
    (tmp_path / "a.safetensors").write_bytes(whole.replace(b'"nodes"', b'"edges"'))
    with pytest.raises(RelampError, match="holds no packed nodes"):
        PackedNodes.load(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"feature_offset": np.array([0, 2, 2, 3, 5])}, "5 feature offsets, 5 features, 5 labels"),
        ({"feature_offset": np.array([0, 2, 2, 3, 4, 6])}, "6 feature offsets, 5 features"),
        ({"feature_value": np.ones(4, dtype=np.float32)}, "4 feature values for 5 columns"),
        ({"feature_index": np.array([0, 2, 1, 3, 0], dtype=np.uint8)}, r"feature columns outside 0 \.\.\. 2"),
        ({"edge_index": np.array([[0], [5]], dtype=np.uint8)}, r"edge_index \(2, 1\) against 5 nodes"),
        ({"edge_index": np.array([[0], [-1]])}, r"edge_index \(2, 1\) against 5 nodes"),
        ({"edge_index": np.array([0, 1])}, r"edge_index \(2,\) against 5 nodes"),
        ({"graph_offset": np.array([0, 3])}, "graphs end at node 3 of 5"),
        ({"train": np.array([1])}, "the parts of the split share nodes"),
        ({"test": np.array([5])}, "name nodes that are not there"),
        ({"test": np.array([-1])}, "name nodes that are not there"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict, message: str) -> None:
    with pytest.raises(RelampError, match=message):
        replace(small(), **change)


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


def test_an_edge_that_points_outside_is_named() -> None:
    check_ends(np.array([0, 1]), np.array([1, 2]), 3, "x")
    for bad in (3, -1):
        with pytest.raises(RelampError, match=rf"x: edge \({bad}, 1\) but nodes are numbered 0 to 2"):
            check_ends(np.array([0, bad]), np.array([1, 1]), 3, "x")
