"""Structural entropy: how much information the degrees of a graph hold (LAMP Eq. 5)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from relamp.data.packed import Integers


def degrees(edge_index: Integers, num_nodes: int) -> NDArray[np.float64]:
    """Return the degree of each node `[num_nodes]`, the mean of its in- and its out-degree.

    For an undirected graph given in both directions this is the number of incident edges. A self-loop, which is one
    entry (v, v), counts as one. An edge that has lost one of its directions counts half at both ends. `edge_index` is
    `[2, E]`, with nodes numbered through all graphs.
    """
    source = np.bincount(edge_index[0], minlength=num_nodes)
    target = np.bincount(edge_index[1], minlength=num_nodes)
    return np.asarray((source + target) / 2, dtype=np.float64)


def structural_entropy(degree: NDArray[np.floating[Any]], node_offset: Integers) -> NDArray[np.float64]:
    """Return H(G) = -sum_v g_v / vol log(g_v / vol) of each graph `[G]`, in nats (LAMP Eq. 5, Li and Pan 2016).

    0 log 0 is 0. A graph without edges has no volume to divide by: its entropy is given as 0, so whoever divides by an
    entropy has to look at the volume first, as `relamp.graph.damage` does. A graph with edges has entropy 0 only if a
    single node has all of the volume, by self-loops; then the 0 is exact. Of the non-negative degrees `[N]` graph g
    owns `node_offset[g]:node_offset[g + 1]`, maybe none.
    """
    num_graphs = len(node_offset) - 1
    graph = np.repeat(np.arange(num_graphs), np.diff(node_offset))
    volume = np.bincount(graph, weights=degree, minlength=num_graphs)
    # Where there is no volume all degrees are 0, and 0 / 1 is as good a share as any.
    share = degree / np.where(volume > 0, volume, 1)[graph]
    return np.asarray(np.bincount(graph, weights=entr(share), minlength=num_graphs), dtype=np.float64)
