"""Graphs whose nodes are labelled, for node classification, in one memory-mapped safetensors file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from relamp.data.packed import MISSING, Integers, Packed
from relamp.errors import RelampError

PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class PackedNodes(Packed):
    """One graph, or several one after another, with features and labels on the nodes.

    Attributes:
        num_features: width of the feature matrix, whose rows are sparse (CSR).
        feature_offset: `[N + 1]` int64; node n has the entries `feature_offset[n]:feature_offset[n + 1]`.
        feature_index: column of each entry, ascending within a node.
        edge_index: `[2, E]`, both directions, sorted by source and target, without duplicates and self-loops; nodes
            are numbered through all graphs.
        y: `[N]` class numbers from 0, MISSING where upstream has none; or `[N, tasks]` int8 with 1 and 0.
        train, valid, test: node numbers of the public split, ascending; all empty where there is none.
        graph_offset: `[G + 1]` int64; graph g owns nodes `graph_offset[g]:graph_offset[g + 1]`.
        feature_value: float32 value of each entry, or None where all are 1.
        info: free facts about the origin, stored in the file's header.
    """

    header = holds = "nodes"
    narrow = ("feature_index", "edge_index")

    num_features: int
    feature_offset: NDArray[np.int64]
    feature_index: Integers
    edge_index: Integers
    y: Integers
    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    test: NDArray[np.int64]
    graph_offset: NDArray[np.int64]
    feature_value: NDArray[np.float32] | None = None
    info: Mapping[str, Any] = field(default_factory=dict)

    def _faults(self) -> Iterator[str]:
        nodes, entries = len(self.y), len(self.feature_index)
        if len(self.feature_offset) != nodes + 1 or self.feature_offset[-1] != entries:
            yield f"{len(self.feature_offset)} feature offsets, {entries} features, {nodes} labels"
        if self.feature_value is not None and len(self.feature_value) != entries:
            yield f"{len(self.feature_value)} feature values for {entries} columns"
        if not _within(self.feature_index, self.num_features):
            yield f"feature columns outside 0 ... {self.num_features - 1}"
        if self.edge_index.ndim != 2 or len(self.edge_index) != 2 or not _within(self.edge_index, nodes):
            yield f"edge_index {self.edge_index.shape} against {nodes} nodes"
        if self.graph_offset[0] != 0 or self.graph_offset[-1] != nodes:
            yield f"graphs end at node {self.graph_offset[-1]} of {nodes}"
        split = np.concatenate([self.train, self.valid, self.test])
        if len(np.unique(split)) != len(split) or not _within(split, nodes):
            yield "the parts of the split share nodes or name nodes that are not there"

    @classmethod
    def build(
        cls,
        name: str,
        x: csr_matrix[Any],
        ends: tuple[Integers, Integers],
        y: Integers,
        split: Mapping[str, NDArray[np.int64]] | None = None,
        graph_offset: NDArray[np.int64] | None = None,
        **info: Any,
    ) -> Self:
        """Pack features `[N, d]`, labels and graphs that a reader found; by default there is one graph.

        `ends` are sources and targets of edges `[E]`, in any order, of one direction or both; the split may lack some
        of PARTS, which are empty then. `info` gets the number of self-loops that were removed.
        """
        source, target = ends
        offset, index, value = sparse_parts(x)
        return cls(
            name=name,
            num_features=x.shape[1],
            feature_offset=offset,
            feature_index=index,
            feature_value=value,
            edge_index=undirected(source, target, len(y)),
            y=y,
            graph_offset=np.array([0, len(y)]) if graph_offset is None else graph_offset,
            info={"self_loops_removed": len(np.unique(source[source == target])), **info},
            **{part: np.zeros(0, dtype=np.int64) for part in PARTS} | dict(split or {}),
        )

    @property
    def num_nodes(self) -> int:
        """Number of nodes of all graphs."""
        return len(self.y)

    @property
    def num_graphs(self) -> int:
        """Number of graphs."""
        return len(self.graph_offset) - 1

    @property
    def num_classes(self) -> int:
        """Number of classes, or of tasks where each has its own label."""
        return self.y.shape[1] if self.y.ndim == 2 else int(self.y.max(initial=MISSING)) + 1

    def features(self) -> csr_matrix[np.float32]:
        """Feature matrix `[N, num_features]`."""
        value = self.feature_value
        if value is None:
            value = np.ones(len(self.feature_index), dtype=np.float32)
        # scipy wants signed column numbers, and copies narrower ones by itself only for some dtypes.
        parts = (value, self.feature_index.astype(np.int64), self.feature_offset)
        return csr_matrix(parts, shape=(self.num_nodes, self.num_features))

    def graph_of_node(self) -> NDArray[np.int64]:
        """Number of the graph of each node, `[N]`."""
        return np.repeat(np.arange(self.num_graphs), np.diff(self.graph_offset))


def _within(numbers: Integers, count: int) -> bool:
    """Whether all numbers are in `0 ... count - 1`."""
    return not numbers.size or bool(numbers.min() >= 0 and numbers.max() < count)


def sparse_parts(
    matrix: csr_matrix[Any],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32] | None]:
    """Return offsets, columns and values of a CSR matrix, without stored zeros; no values where all are 1."""
    tidy = matrix.copy()
    tidy.sum_duplicates()  # sorts the columns too
    tidy.eliminate_zeros()
    value = tidy.data.astype(np.float32)
    return tidy.indptr.astype(np.int64), tidy.indices.astype(np.int64), None if (value == 1).all() else value


def undirected(source: Integers, target: Integers, num_nodes: int) -> NDArray[np.int64]:
    """Return an edge index `[2, E]` with both directions of every pair, sorted, without duplicates and self-loops.

    Node numbers must be in `0 ... num_nodes - 1`.
    """
    kept = source != target
    source, target = source[kept].astype(np.int64), target[kept].astype(np.int64)
    key = np.concatenate([source * num_nodes + target, target * num_nodes + source])
    key = distinct(key)
    return np.stack([key // max(num_nodes, 1), key % max(num_nodes, 1)])


def distinct(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sort keys of 0 or more in place and drop repeated ones: np.unique takes twenty times as long for COLLAB."""
    key.sort()
    return np.compress(np.diff(key, prepend=-1) != 0, key)


def rows_scaled(x: csr_matrix[Any]) -> csr_matrix[np.float32]:
    """Return a matrix with each row divided by its sum; one whose sum is not above 0, so a row of zeros, stays."""
    total = np.asarray(x.sum(axis=1, dtype=np.float64)).ravel()
    share = np.repeat(np.divide(1, total, out=np.ones_like(total), where=total > 0), np.diff(x.indptr))
    return csr_matrix(((x.data * share).astype(np.float32), x.indices, x.indptr), shape=x.shape)


def check_ends(source: Integers, target: Integers, total: int, place: str) -> None:
    """Refuse edges that point outside the graph, naming the first; `place` is what messages call their file."""
    outside = np.flatnonzero((np.minimum(source, target) < 0) | (np.maximum(source, target) >= total))
    if len(outside):
        ends = (int(source[outside[0]]), int(target[outside[0]]))
        raise RelampError(f"{place}: edge {ends} but nodes are numbered 0 to {total - 1}; fetch it again")
