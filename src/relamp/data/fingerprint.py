"""Hashes of packed graphs, to find duplicates and to know a data set again: by its content, and by every bit of it."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import Integers, Packed, PackedGraphs

_Int64 = NDArray[np.int64]
Hash = NDArray[np.uint64]

WL_ROUNDS = 5
# They name how a fingerprint is made; a change of the scheme must change them.
SCHEME, ORDERED_SCHEME = "wl5", "ordered1"
BLOCK = 2**22  # nodes and edges looked at together: bounds memory at some 100 MB whatever the corpus


def fingerprint(data: PackedGraphs) -> str:
    """Return a fingerprint of graphs, features and labels: `wl5:` and a sha256 in hexadecimal.

    Neither the order of the graphs nor the numbering of the nodes within a graph matters. It rests on `wl_hash` with
    its limits: two graphs that five Weisfeiler-Leman rounds cannot tell apart count as the same.
    """
    edge_columns = 0 if data.edge_attr is None else data.edge_attr.shape[1]
    return fingerprint_of(wl_hash(data), data.num_nodes, data.num_edges, data.y, data.x.shape[1], edge_columns)


def fingerprint_of(
    hashes: Hash, num_nodes: Integers, num_edges: Integers, y: Integers, node_columns: int, edge_columns: int
) -> str:
    """Return the fingerprint of graphs by their hashes, counts of nodes and of directed edges, `[G]`, and labels.

    `node_columns` and `edge_columns` are the numbers of their features.
    """
    labels = y if y.ndim == 2 else y[:, None]
    columns = [hashes.view(np.int64), num_nodes, num_edges, *labels.T]
    order = np.lexsort(columns[::-1])
    rows = np.stack(columns, axis=1)[order]
    # Without the shape, a set of labels might read as a set of counts.
    shape = (*rows.shape, y.ndim, node_columns, edge_columns)
    digest = hashlib.sha256(f"{SCHEME} {' '.join(map(str, shape))}\n".encode())
    digest.update(rows.astype("<i8").tobytes())
    return f"{SCHEME}:{digest.hexdigest()}"


def ordered_fingerprint(data: Packed) -> str:
    """Return a fingerprint of everything that a result can depend on: `ordered1:` and a sha256 in hexadecimal.

    Folds, scaffold splits and draws depend on the order of graphs and nodes, scaffolds on charges, isotopes and
    chirality, which only the SMILES hold. So it covers every array as it stands, in whatever integer dtype, and the
    numbers of categories; neither the name nor what is known of the origin.
    """
    arrays = {key: value for key, value in data.stored().items() if isinstance(value, np.ndarray)}
    left_out = {"name", "info", *arrays}
    words = {key: value for key, value in data.stored().items() if key not in left_out and value is not None}
    digest = hashlib.sha256(json.dumps(words, sort_keys=True).encode())
    for key, array in sorted(arrays.items()):
        digest.update(f"\n{key} {array.shape}\n".encode())
        flat = array.reshape(-1)
        kind = "<i8" if flat.dtype.kind in "iu" else "<f4"
        for start in range(0, len(flat), BLOCK):
            digest.update(flat[start : start + BLOCK].astype(kind).tobytes())
    return f"{ORDERED_SCHEME}:{digest.hexdigest()}"


def wl_hash(data: PackedGraphs, rounds: int = WL_ROUNDS) -> Hash:
    """Return a Weisfeiler-Leman hash of each graph's nodes, edges and their features, `[G]`.

    Attributes that stand apart are not looked at.

    Isomorphic graphs always share a hash. The reverse does not hold: graphs that share a hash need not be isomorphic
    (Weisfeiler-Leman cannot tell a six-ring from two triangles), but no sum-aggregating GIN with at most `rounds`
    layers tells them apart either, up to a 64-bit collision.
    """
    result = np.empty(len(data), dtype=np.uint64)
    for start, end in blocks(data):
        first, last = data.node_offset[start], data.node_offset[end]
        source, target = data.global_edge_index(start, end)
        order = np.argsort(target, kind="stable")
        source = source[order]
        node_edges = np.searchsorted(target[order], np.arange(last - first + 1))
        bonds = data.edge_attr[data.edge_offset[start] : data.edge_offset[end]] if data.edge_attr is not None else None
        bond = _mix_columns(bonds, len(order))[order]
        colour = _mix_columns(data.x[first:last], last - first)
        # The bits of a number stand for it; attributes apart are no part of the graphs that most methods see.
        if data.attributes is not None and data.shown_attributes:
            colour = _mix(colour + _mix_columns(data.attributes[first:last].view(np.int32), last - first))
        for _ in range(rounds):
            # Sums do not depend on the order of the neighbours, and wrap at 2^64 without harm.
            messages = _segment_sums(_mix(colour[source] + bond), node_edges)
            colour = _mix(_mix(colour) * np.uint64(3) + messages)
        graph_nodes = data.node_offset[start : end + 1] - first
        result[start:end] = _mix(_segment_sums(_mix(colour), graph_nodes) + np.diff(graph_nodes).astype(np.uint64))
    return result


def blocks(data: PackedGraphs) -> Iterator[tuple[int, int]]:
    """Cut the graphs into runs `start, end` of a bounded number of nodes and edges, of one graph at least."""
    size = data.node_offset + data.edge_offset
    start = 0
    while start < len(data):
        end = max(start + 1, int(np.searchsorted(size, size[start] + BLOCK, side="right")) - 1)
        yield start, end
        start = end


def _segment_sums(values: Hash, offset: _Int64) -> Hash:
    """Sum runs of values modulo 2^64; a difference of running sums handles empty runs as well."""
    running = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(values, dtype=np.uint64)])
    return np.asarray(running[offset[1:]] - running[offset[:-1]])


def _mix_columns(columns: NDArray[Any] | None, rows: int) -> Hash:
    """Hash each row of some integer columns, `[rows]`; there may be none."""
    state = np.full(rows, 0x9E3779B97F4A7C15, dtype=np.uint64)
    for column in () if columns is None else columns.T:
        state = _mix(state + column.astype(np.uint64))
    return state


def _mix(values: Hash) -> Hash:
    """Scramble 64-bit values one to one: the finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
