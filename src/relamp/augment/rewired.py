"""Molecules some of whose bonds stand elsewhere, as D-SLA perturbs them (Kim et al. 2022)."""

import numpy as np

from relamp.augment.edge_perturbation import free_ends
from relamp.augment.view import Int64, Mask, choose
from relamp.data.packed import offsets

# Shares of types among new bonds, and of directions among those of each type, as its public code has them.
TYPES = np.array([0.375, 0.296, 0.011, 0.318])
DIRECTIONS = np.array([[0.8723, 0.0867, 0.0410], [1, 0, 0], [1, 0, 0], [0.9893, 0.0092, 0.0015]])


def rewired(
    edge_index: Int64, edge_attr: Int64, graph: Int64, among: Mask, count: Int64, rng: np.random.Generator
) -> tuple[Int64, Int64]:
    """Take bonds between some atoms of each molecule away, and add as many between them.

    Edges `[2, e]` have both directions of each bond, and its type and direction `[e, 2]`; atoms are of the molecules
    `graph` `[n]`, and `among` is a mask of them. What is added may be what was taken, of another type. `count` `[G]` is
    at most the number of bonds between these atoms.
    """
    (source, target), nodes = edge_index, np.flatnonzero(among)
    once = np.flatnonzero(inside(edge_index, among) & (source < target))
    chosen = np.zeros(len(once), dtype=np.bool_)
    chosen[choose(graph[source[once]], count, rng)] = True
    number = np.minimum(source, target) * len(graph) + np.maximum(source, target)
    stays = ~np.isin(number, number[once[chosen]])

    place = np.cumsum(among) - 1
    size = np.bincount(graph[nodes], minlength=len(count))
    ends = nodes[free_ends(place[edge_index[:, once[~chosen]]], offsets(size), count, rng)]
    kind = np.tile(rng.choice(len(TYPES), size=ends.shape[1], p=TYPES), 2)
    direction = (rng.random(len(kind))[:, None] >= DIRECTIONS[kind].cumsum(1)[:, :-1]).sum(1)
    edges = np.concatenate([edge_index[:, stays], ends, ends[::-1]], axis=1)
    return edges, np.concatenate([edge_attr[stays], np.stack([kind, direction], axis=1)])


def inside(edge_index: Int64, among: Mask) -> Mask:
    """Return which edges `[2, e]` join two of some atoms, a mask `[n]`."""
    return np.asarray(among[edge_index].all(0))
