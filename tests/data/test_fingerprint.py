import hashlib
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from packed_examples import typed_paths
from relamp.data.fingerprint import fingerprint, wl_hash
from relamp.data.molecules import pack_molecules
from relamp.data.packed import MISSING, PackedGraphs


def slow(data: PackedGraphs) -> str:
    """The same fingerprint, graph by graph with Python's own sorting."""
    rows = []
    for graph, colour in enumerate(wl_hash(data)):
        signed = int(colour) - 2**64 if colour >= 2**63 else int(colour)
        labels = [int(data.y[graph])] if data.y.ndim == 1 else [int(value) for value in data.y[graph]]
        rows.append((signed, int(data.num_nodes[graph]), int(data.num_edges[graph]), *labels))
    bonds = 0 if data.edge_attr is None else data.edge_attr.shape[1]
    width = 3 + (1 if data.y.ndim == 1 else data.y.shape[1])
    text = f"wl5 {len(rows)} {width} {data.y.ndim} {data.x.shape[1]} {bonds}\n".encode()
    for row in sorted(rows):
        text += b"".join(value.to_bytes(8, "little", signed=True) for value in row)
    return f"wl5:{hashlib.sha256(text).hexdigest()}"


def with_edges(data: PackedGraphs, edges: list[set[tuple[int, int]]]) -> PackedGraphs:
    """The same nodes with other edges, given once a pair; the edge features of each pair are kept or 0."""
    pairs = [sorted({(a, b) for a, b in graph} | {(b, a) for a, b in graph}) for graph in edges]
    columns = [[a for graph in pairs for a, _ in graph], [b for graph in pairs for _, b in graph]]
    offset = np.cumsum([0, *(len(graph) for graph in pairs)])
    return replace(data, edge_index=np.array(columns, dtype=np.int64).reshape(2, -1), edge_offset=offset)


def edges_of(data: PackedGraphs) -> list[set[tuple[int, int]]]:
    ends = data.edge_index.T.tolist()
    runs = zip(data.edge_offset, data.edge_offset[1:], strict=False)
    return [{(a, b) for a, b in ends[first:last] if a <= b} for first, last in runs]


@st.composite
def data_sets(draw: st.DrawFn) -> PackedGraphs:
    """A few small graphs with two node columns, self-loops, and classes or three tasks."""
    sizes = draw(st.lists(st.integers(0, 6), min_size=1, max_size=5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    total = sum(sizes)
    chosen = [{(a, b) for a in range(n) for b in range(a, n) if rng.random() < 0.4} for n in sizes]
    many = draw(st.booleans())
    plain = PackedGraphs(
        name="random",
        x=np.stack([rng.integers(0, 3, total), rng.integers(0, 2, total)], axis=1),
        cardinality=(3, 2),
        edge_index=np.zeros((2, 0), dtype=np.int64),
        node_offset=np.cumsum([0, *sizes]),
        edge_offset=np.zeros(len(sizes) + 1, dtype=np.int64),
        y=rng.integers(-1, 2, (len(sizes), 3)).astype(np.int8) if many else rng.integers(0, 3, len(sizes)),
    )
    return with_edges(plain, chosen)


def shuffled(data: PackedGraphs, rng: np.random.Generator) -> PackedGraphs:
    """The graphs in another order, and the nodes of each numbered anew."""
    data = data.take(rng.permutation(len(data)))
    new = [rng.permutation(n) for n in data.num_nodes]
    x = np.concatenate(
        [np.zeros((0, data.x.shape[1]), dtype=np.int64)]
        + [data.x[start:][np.argsort(order)] for start, order in zip(data.node_offset, new, strict=False)]
    )
    edges = [
        {(int(order[a]), int(order[b])) for a, b in graph} for graph, order in zip(edges_of(data), new, strict=True)
    ]
    return with_edges(replace(data, x=x), edges)


@settings(max_examples=60, deadline=None)
@given(data_sets(), st.integers(0, 2**32))
def test_neither_the_order_of_graphs_nor_of_nodes_matters(data: PackedGraphs, seed: int) -> None:
    assert fingerprint(shuffled(data, np.random.default_rng(seed))) == fingerprint(data) == slow(data)


@settings(max_examples=60, deadline=None)
@given(data_sets(), st.data())
def test_one_label_one_feature_or_one_edge_matters(data: PackedGraphs, draw: st.DataObject) -> None:
    before = fingerprint(data)
    graph = draw.draw(st.integers(0, len(data) - 1))
    y = data.y.copy()
    y[(graph, 0) if y.ndim == 2 else graph] += 1
    assert fingerprint(replace(data, y=y)) != before
    if len(data.x):
        node = draw.draw(st.integers(0, len(data.x) - 1))
        column = draw.draw(st.integers(0, 1))
        x = data.x.copy()
        x[node, column] += 1
        assert fingerprint(replace(data, x=x)) != before
    if data.num_nodes[graph] > 1:
        edges = edges_of(data)
        edges[graph] ^= {(0, 1)}  # there now, gone before, or the other way round
        assert fingerprint(with_edges(data, edges)) != before


@settings(max_examples=30, deadline=None)
@given(data_sets())
def test_a_graph_more_or_less_matters(data: PackedGraphs) -> None:
    everything = np.arange(len(data))
    assert fingerprint(data.take(np.append(everything, 0))) != fingerprint(data)
    assert fingerprint(data.take(everything[1:])) != fingerprint(data)


def test_a_label_belongs_to_its_graph() -> None:
    # The same graphs and the same labels, but the other way round.
    assert fingerprint(typed_paths((0, 1))) != fingerprint(typed_paths((1, 0)))


def test_tasks_are_not_classes_and_missing_is_not_negative() -> None:
    data = typed_paths()
    prints = {
        fingerprint(data),
        fingerprint(replace(data, y=np.array([[0], [1]]))),
        fingerprint(replace(data, y=np.array([[MISSING], [1]]))),
        fingerprint(replace(data, y=np.zeros((2, 0), dtype=np.int8))),
    }
    assert len(prints) == 4


def test_a_moved_bond_feature_matters() -> None:
    one = pack_molecules("a", ["C=CC", "CC"])
    other = pack_molecules("a", ["CC=C", "CC"])  # the same molecule, read from its other end
    third = pack_molecules("a", ["CCC", "C=C"])
    assert fingerprint(one) == fingerprint(other) != fingerprint(third)
