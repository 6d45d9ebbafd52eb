import hashlib
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from packed_examples import packed_graphs
from relamp.data.fingerprint import fingerprint, wl_hash
from relamp.data.packed import PackedGraphs


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


def shuffled(data: PackedGraphs, rng: np.random.Generator) -> PackedGraphs:
    """The graphs in another order, and the nodes of each numbered anew."""
    data = data.take(rng.permutation(len(data)))
    starts = data.node_offset[:-1]
    old = np.concatenate([start + rng.permutation(n) for start, n in zip(starts, data.num_nodes, strict=True)])
    new = np.argsort(old)[data.global_edge_index()]
    return replace(data, x=data.x[old], edge_index=new - np.repeat(starts, data.num_edges))


@settings(max_examples=100, deadline=None)
@given(packed_graphs(), st.integers(0, 2**32))
def test_neither_the_order_of_graphs_nor_of_nodes_matters(data: PackedGraphs, seed: int) -> None:
    assert fingerprint(shuffled(data, np.random.default_rng(seed))) == fingerprint(data) == slow(data)
