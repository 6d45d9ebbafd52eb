"""Coding trees of least structural entropy: hierarchies of the nodes of graphs (Li and Pan 2016, Wu et al. 2023)."""

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import Integers, offsets
from relamp.graph.entropy import degrees

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


def coding_levels(edge_index: Integers, node_offset: Integers, height: int) -> Numbers:
    """Return the inner levels of a coding tree of each graph, `[height - 1, N]`, from the leaves up.

    A row names the group of each node by the group's first node; the groups of a row are unions of those before, the
    leaves below the first are the nodes and the root above the last is the graph. The first level is the greedy one of
    SEGA's public code; each further one is put below the lowest or above the highest, whichever gains more entropy for
    a thing that it groups. Self-loops are not seen. Edges `[2, E]` stand in both directions, nodes are numbered through
    all graphs, of which graph g has `node_offset[g]:node_offset[g + 1]`.
    """
    edges = np.asarray(edge_index[:, edge_index[0] != edge_index[1]], dtype=np.int64)
    sizes = np.diff(node_offset)
    node, root = np.arange(node_offset[-1]), np.repeat(np.asarray(node_offset[:-1], dtype=np.int64), sizes)
    levels = [_grouped(node, root, edges)]
    while len(levels) < height - 1:
        lowest, highest = levels[0], levels[-1]
        fine, coarse = _grouped(node, lowest, edges), _grouped(highest, root, edges)
        below = gain(fine, node, lowest, root, edges)[root] / _count(node, root)
        above = gain(coarse, highest, root, root, edges)[root] / _count(highest, root)
        both = zip([*levels, coarse], [fine, *levels], strict=True)
        levels = [np.where(below < above, up, down) for up, down in both]
    return np.array(levels[: height - 1], dtype=np.int64).reshape(height - 1, len(node))


def gain(level: Numbers, below: Numbers, above: Numbers, root: Numbers, edges: Numbers) -> Floats:
    """Return the entropy in nats that a level of groups takes from a tree, `[N]`, each graph's at its first node.

    A group a whose parent becomes b takes `inside / vol log(vol_b / vol_a)`, its inside being the volume of the edges
    that what it groups have with one another. All of these `[N]` name groups of nodes by their first one.
    """
    n = len(level)
    degree = degrees(edges, n)
    volume, upper, whole = (np.bincount(name, degree, minlength=n) for name in (level, above, root))
    source, target = edges
    joined = (level[source] == level[target]) & (below[source] != below[target])
    inside = np.bincount(level[source], joined, minlength=n)
    (a,) = np.nonzero(inside)
    share = inside[a] / whole[root[a]]
    taken = np.bincount(root[a], share * np.log(upper[above[a]] / volume[a]), minlength=n)
    return taken.astype(np.float64)


def _grouped(node: Numbers, part: Numbers, edges: Numbers) -> Numbers:
    """Return the group `[N]` of each node, by its first node, where some nodes were made one and some parts are apart.

    `node` and `part` name, by their first nodes, what is grouped and within what.
    """
    from relamp.kernels.merging import group  # imports numba, which no other method needs

    (one,) = np.nonzero(node == np.arange(len(node)))
    one = one[np.argsort(part[one], kind="stable")]
    place = np.zeros(len(node), dtype=np.int64)
    place[one] = np.arange(len(one))
    kept = edges[:, part[edges[0]] == part[edges[1]]]
    volume = np.bincount(place[node[kept[0]]], minlength=len(one)).astype(np.float64)
    source, target = place[node[kept]]
    pair, times = np.unique((source * len(one) + target)[source != target], return_counts=True)
    source, target = np.divmod(pair, max(len(one), 1))
    weight, start = times.astype(np.float64), offsets(np.bincount(source, minlength=len(one)))
    cut = np.bincount(source, weight, minlength=len(one)).astype(np.float64)
    made = group(offsets(np.unique(part[one], return_counts=True)[1]), start, target, weight, volume, cut)
    return np.asarray(one[made][place[node]], dtype=np.int64)


def _count(level: Numbers, root: Numbers) -> Numbers:
    """Return how many groups of a level the graph of each node has, `[N]`."""
    return np.bincount(root[level == np.arange(len(level))], minlength=len(level))[root]
