"""The shortest-path kernel, and what it counts."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path

from relamp.data.packed import PackedGraphs
from relamp.evaluate.kernels import Floats, adjacency, node_labels, normalised


def shortest_path_kernel(data: PackedGraphs) -> Floats:
    """Return the normalised shortest-path kernel `[G, G]` (Borgwardt and Kriegel 2005): cosine of the counts.

    Counted are pairs of distinct nodes by both labels, in either order, and the length of the shortest path between
    them; pairs without a path are not. A node's label is its whole row of `x`. A graph without edges has no path, and
    so 0 against every graph and itself.
    """
    found = [np.unique(kinds, return_counts=True) for kinds in shortest_paths(data, of_nodes=False)]
    kinds, column = np.unique(np.concatenate([each for each, _ in found]), return_inverse=True)
    row = np.repeat(np.arange(len(data)), [len(each) for each, _ in found])
    number = np.concatenate([times for _, times in found]).astype(np.float64)
    counts = csr_matrix((number, (row, column)), shape=(len(data), len(kinds)))
    return normalised((counts @ counts.T).toarray())


def shortest_paths(data: PackedGraphs, *, of_nodes: bool) -> Iterator[NDArray[np.int64]]:
    """Yield the kinds of all shortest paths in each graph, from each node the short ones first.

    A kind is a number for the labels of both ends and the length; paths of length 0 are among them if `of_nodes`.
    """
    labels, lengths = node_labels(data), int(data.num_nodes.max(initial=0)) + 1
    different = int(labels.max(initial=0)) + 1
    for start, links in zip(data.node_offset, adjacency(data), strict=False):
        length = shortest_path(links, unweighted=True)
        order = np.argsort(length, axis=1, kind="stable")
        length, own = np.take_along_axis(length, order, axis=1), labels[start : start + len(length)]
        ends = np.sort(np.stack([np.broadcast_to(own[:, None], order.shape), own[order]]), axis=0)
        kept = np.isfinite(length) & (of_nodes | (length > 0))
        yield (ends[0] * different + ends[1])[kept] * lengths + length[kept].astype(np.int64)
