"""Edge perturbation (You et al. 2020)."""

import numpy as np

from relamp.augment.view import Int64, Mask, Union, View, choose, first_of_each
from relamp.data.packed import ranges, rank_within

# Rejection finds free pairs in a few rounds unless nearly all pairs are edges; then all pairs are listed instead.
_ROUNDS = 16
_SPARSE = 1 / 8


def edge_perturbation(union: Union, rng: np.random.Generator) -> View:
    """Remove random edges and, in the paper's reading, add as many new ones (You et al. 2020, Table 1).

    "paper": of m undirected edges `int(m * strength)` go, both directions and all duplicates together, and as many
    pairs of nodes that were no edge before get both directions, drawn uniformly; where fewer pairs are free, as in a
    complete graph, fewer are added. Self-loops are neither counted nor removed nor added. A new edge carries the
    attributes of a removed edge of its graph. "code": of e directed entries, self-loops among them,
    `int(e * strength)` go, whatever becomes of the opposite direction, and none are added.

    Kept edges come first, in their order, then the new ones.
    """
    source, target = union.edge_index
    columns = np.flatnonzero(union.alterable[source] & ((source != target) | (union.reading != "paper")))
    if len(columns) == 0:
        return union.induced(np.ones(len(union.graph), dtype=np.bool_))
    if union.reading != "paper":
        return _without(union, columns, rng)
    return _replaced(union, columns, rng)


def _without(union: Union, columns: Int64, rng: np.random.Generator) -> View:
    """Return the view that lacks a share of these directed edges."""
    graph = union.graph[union.edge_index[0, columns]]
    size = np.bincount(graph, minlength=len(union.altered))
    stays = np.ones(union.edge_index.shape[1], dtype=np.bool_)
    stays[columns[choose(graph, union.share(size), rng)]] = False
    origin = np.flatnonzero(stays)
    return union.view(np.ones(len(union.graph), dtype=np.bool_), union.edge_index[:, origin], origin)


def _replaced(union: Union, columns: Int64, rng: np.random.Generator) -> View:
    """Return the view in which a share of the undirected edges behind these columns is replaced by new ones."""
    num_nodes = len(union.graph)
    source, target = union.edge_index[:, columns]
    code = np.minimum(source, target) * num_nodes + np.maximum(source, target)
    pairs = _unique(code)  # one number for each undirected edge, sorted and so grouped by graph
    graph = union.graph[pairs // num_nodes]
    gone = choose(graph, union.share(np.bincount(graph, minlength=len(union.altered))), rng)
    count = np.bincount(graph[gone], minlength=len(union.altered))

    removed = _contains(np.sort(pairs[gone]), code)
    stays = np.ones(union.edge_index.shape[1], dtype=np.bool_)
    stays[columns[removed]] = False
    kept = np.flatnonzero(stays)

    new = free_pairs(pairs, union, count, rng)
    low, high = new // num_nodes, new % num_nodes
    added = np.bincount(union.graph[low], minlength=len(union.altered))
    # The removed edges of a graph stand in random order: the i-th new edge takes the attributes of the i-th of them.
    ordinal = gone[np.repeat(np.cumsum(count) - count, added) + rank_within(added)]
    code_gone, first = np.unique(code[removed], return_index=True)
    carried = columns[removed][first[np.searchsorted(code_gone, pairs[ordinal])]]
    edge_index = np.concatenate(
        [union.edge_index[:, kept], np.stack([low, high]), np.stack([high, low])], axis=1, dtype=np.int64
    )
    origin = np.concatenate([kept, carried, carried])
    return union.view(np.ones(num_nodes, dtype=np.bool_), edge_index, origin)


def free_ends(ends: Int64, node_offset: Int64, count: Int64 | None, rng: np.random.Generator) -> Int64:
    """Draw pairs of nodes of one graph that no edge joins as `free_pairs` does, from the ends `[2, p]` of each edge.

    `count` `[G]` is as many pairs as the graph has edges where it is None. Returns the ends of the drawn pairs.
    """
    union, nodes = Union.of(ends, node_offset, 1.0), int(node_offset[-1])
    wanted = np.bincount(union.graph[ends[0]], minlength=len(node_offset) - 1) if count is None else count
    low, high = np.sort(ends, axis=0)
    return np.stack(np.divmod(free_pairs(np.sort(low * nodes + high), union, wanted, rng), max(nodes, 1)))


def free_pairs(pairs: Int64, union: Union, count: Int64, rng: np.random.Generator) -> Int64:
    """Draw `count` `[G]` pairs of nodes that are no edge, uniformly without replacement; return their sorted numbers.

    A pair's number is `low * N + high`. `pairs` are the sorted numbers of the undirected edges of the graphs concerned,
    without self-loops; a graph with fewer free pairs than wanted gives them all.
    """
    num_nodes = len(union.graph)
    total = union.num_nodes * (union.num_nodes - 1) // 2
    free = total - np.bincount(union.graph[pairs // num_nodes], minlength=len(total))
    need = np.minimum(count, free)
    found = np.empty(0, dtype=np.int64)
    for _ in range(_ROUNDS):
        # Distinct free pairs in the order in which they were drawn are a uniform draw without replacement.
        graph = np.flatnonzero((need > 0) & (free >= _SPARSE * total))
        if len(graph) == 0:
            break
        drawn = _random_pairs(union, graph, (need[graph] * 1.2 * total[graph] / free[graph]).astype(np.int64) + 2, rng)
        fresh = drawn[~_contains(pairs, drawn) & ~_contains(found, drawn)]
        fresh = fresh[np.sort(np.unique(fresh, return_index=True)[1])]
        owner = union.graph[fresh // num_nodes]
        accepted = first_of_each(np.arange(len(fresh)), owner, need)
        taken = np.bincount(owner[accepted], minlength=len(total))
        need, free = need - taken, free - taken
        found = np.sort(np.concatenate([found, fresh[accepted]]))
    left = _all_pairs(union, np.flatnonzero(need > 0))
    left = left[~_contains(pairs, left) & ~_contains(found, left)]
    rest = left[choose(union.graph[left // num_nodes], need, rng)]
    return np.sort(np.concatenate([found, rest]))


def _random_pairs(union: Union, graph: Int64, count: Int64, rng: np.random.Generator) -> Int64:
    """Draw `count[i]` pairs of two nodes of `graph[i]`, with replacement; return their numbers, grouped by graph."""
    size = np.repeat(union.num_nodes[graph], count)
    first = rng.integers(size)
    second = rng.integers(size - 1)
    second += second >= first  # all nodes but the first
    start = np.repeat(union.node_offset[graph], count)
    return (start + np.minimum(first, second)) * len(union.graph) + start + np.maximum(first, second)


def _all_pairs(union: Union, graph: Int64) -> Int64:
    """List all pairs of two nodes of each of these graphs; return their numbers, sorted if the graphs are."""
    low = ranges(union.node_offset, graph)
    partners = union.node_offset[union.graph[low] + 1] - low - 1
    return np.asarray(np.repeat(low * len(union.graph) + low + 1, partners) + rank_within(partners), dtype=np.int64)


def _unique(values: Int64) -> Int64:
    """Return the distinct values, sorted; numpy's own goes through a hash table, which is slower here."""
    values = np.sort(values)
    first = np.ones(len(values), dtype=np.bool_)
    first[1:] = values[1:] != values[:-1]
    return values[first]


def _contains(ordered: Int64, values: Int64) -> Mask:
    """Say of each value whether a sorted array holds it."""
    if len(ordered) == 0:
        return np.zeros(len(values), dtype=np.bool_)
    place = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return np.asarray(ordered[place] == values, dtype=np.bool_)
