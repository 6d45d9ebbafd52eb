"""Subgraphs that grow from a random node (You et al. 2020)."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from relamp.augment.view import Int64, Union, View, choose, first_of_each
from relamp.data.packed import offsets


def subgraph(union: Union, rng: np.random.Generator) -> View:
    """Keep the neighbourhood that grows from a random seed of each graph (You et al. 2020, Table 1).

    "paper": until `max(1, int(n * strength))` nodes are in, a node is added that is drawn uniformly from all nodes
    next to those inside; a component smaller than that stays whole. "code": the frontier is never extended, so that
    the seed and `int(n * strength)` of its neighbours remain, or all of them where there are fewer. (The code gives
    up after n attempts at drawing a new neighbour; that bound, which binds for huge hubs alone, is left out.)
    """
    grown = np.flatnonzero(union.altered & (union.num_nodes > 0))
    if len(grown) == 0:
        return union.induced(np.ones(len(union.graph), dtype=np.bool_))
    seed = union.node_offset[grown] + rng.integers(union.num_nodes[grown])
    keep = ~union.alterable
    keep[seed] = True
    keep[_grow(union, seed, rng) if union.reading == "paper" else _neighbours(union, seed, rng)] = True
    return union.induced(keep)


def _grow(union: Union, seed: Int64, rng: np.random.Generator) -> Int64:
    """Return the nodes that uniform growth reaches first, the seeds themselves among them where the share is not 0.

    Give every node a waiting time w(v), exponential and independent, that starts once a neighbour is inside. Waiting
    has no memory, so the next node to enter is uniform among all that wait. The time of entry is therefore the length
    of a shortest path on which entering v costs w(v), and one run of Dijkstra's algorithm grows all graphs.
    """
    wait = rng.standard_exponential(len(union.graph))
    time = dijkstra(costs(union, wait), indices=seed, min_only=True)
    reached = np.flatnonzero(np.isfinite(time))
    graph = union.graph[reached]
    return reached[first_of_each(np.lexsort((time[reached], graph)), graph, union.share(union.num_nodes))]


def costs(union: Union, wait: NDArray[np.float64]) -> csr_array[np.float64]:
    """Return the adjacency matrix of the altered graphs with the price of the entered node on every edge."""
    source, target = union.edge_index
    if not union.altered.all():
        inside = union.alterable[source]
        source, target = source[inside], target[inside]
    if np.any(source[1:] < source[:-1]):
        order = np.argsort(source)
        source, target = source[order], target[order]
    # Built by hand: the usual way through coordinates would add up the prices of duplicate edges.
    start = offsets(np.bincount(source, minlength=len(wait)))
    return csr_array((wait[target], target, start), shape=(len(wait), len(wait)))


def _neighbours(union: Union, seed: Int64, rng: np.random.Generator) -> Int64:
    """Return the drawn neighbours of the seeds."""
    source, target = union.edge_index
    is_seed = np.zeros(len(union.graph), dtype=np.bool_)
    is_seed[seed] = True
    nodes = np.unique(target[is_seed[source] & (source != target)])
    return nodes[choose(union.graph[nodes], union.share(union.num_nodes), rng)]
