"""Unions of small graphs for tests, and a look at a view one graph at a time."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from relamp.data.packed import PackedGraphs

Graph = tuple[int, list[tuple[int, int]]]  # number of nodes, directed entries


def undirected(n: int, pairs) -> Graph:
    return n, [entry for a, b in pairs for entry in ([(a, b)] if a == b else [(a, b), (b, a)])]


def path(n: int) -> Graph:
    return undirected(n, [(i, i + 1) for i in range(n - 1)])


def cycle(n: int) -> Graph:
    return undirected(n, [(i, (i + 1) % n) for i in range(n)])


def star(n: int) -> Graph:
    return undirected(n, [(0, i) for i in range(1, n)])


def complete(n: int) -> Graph:
    return undirected(n, [(i, j) for i in range(n) for j in range(i)])


def union(graphs: list[Graph]) -> tuple[np.ndarray, np.ndarray]:
    """Return edge_index and node_offset of a union of graphs."""
    offset = np.cumsum([0] + [n for n, _ in graphs])
    entries = [(a + start, b + start) for start, (_, edges) in zip(offset, graphs, strict=False) for a, b in edges]
    return np.array(entries, dtype=np.int64).reshape(-1, 2).T, offset


def packed(graphs: list[Graph], name: str = "tiny") -> PackedGraphs:
    edges = [entry for _, entries in graphs for entry in entries]
    sizes = [n for n, _ in graphs]
    return PackedGraphs(
        name=name,
        x=np.zeros((sum(sizes), 1), dtype=np.uint8),
        cardinality=(1,),
        edge_index=np.array(edges, dtype=np.uint16).reshape(-1, 2).T,
        node_offset=np.cumsum([0, *sizes]),
        edge_offset=np.cumsum([0] + [len(entries) for _, entries in graphs]),
        y=np.zeros(len(graphs), dtype=np.int64),
    )


def labelled(graphs: list[tuple[list, list[tuple[int, int]]]], cardinality: tuple[int, ...]) -> PackedGraphs:
    """Graphs of their nodes' labels, numbers or rows of them, and undirected edges."""
    x = np.array([label for labels, _ in graphs for label in labels], dtype=np.int64).reshape(-1, len(cardinality))
    return replace(packed([undirected(len(labels), pairs) for labels, pairs in graphs]), x=x, cardinality=cardinality)


def parts(view, node_offset) -> list[tuple[list[int], list[tuple[int, int]]]]:
    """Return kept nodes and edges of each graph of a view, in local numbers and in order."""
    result = []
    for start, end in pairwise(node_offset):
        inside = (view.edge_index >= start).all(axis=0) & (view.edge_index < end).all(axis=0)
        edges = sorted(map(tuple, (view.edge_index[:, inside] - start).T.tolist()))
        result.append((np.flatnonzero(view.keep[start:end]).tolist(), edges))
    return result


def kept_sets(view, copies: int) -> Counter:
    """Count the sets of kept nodes over many copies of one graph."""
    return Counter(tuple(np.flatnonzero(row).tolist()) for row in view.keep.reshape(copies, -1))


def assert_frequencies(counted: Counter, expected: dict, draws: int) -> None:
    """Hold observed counts against probabilities, within five standard deviations each."""
    assert set(counted) <= set(expected)
    assert sum(expected.values()) == 1 or abs(sum(expected.values()) - 1) < 1e-12
    for outcome, p in expected.items():
        assert abs(counted[outcome] - draws * p) <= 5 * (draws * p * (1 - p)) ** 0.5 + 1e-9, outcome


@st.composite
def graphs(draw, most_nodes: int = 9) -> Graph:
    n = draw(st.integers(0, most_nodes))
    pairs = [(i, j) for i in range(n) for j in range(i + 1)]  # self-loops too
    return undirected(n, draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else [])


@st.composite
def unions(draw, most_graphs: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """A union of graphs whose columns stand in any order."""
    edge_index, offset = union(draw(st.lists(graphs(), max_size=most_graphs)))
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(edge_index.shape[1])
    return edge_index[:, order], offset
