"""The augmentations of JOAO's public code on molecules (You et al. 2021), over a whole union of molecules at once.

Of n atoms and e directed bonds, cut off as the code does:

- node_drop: `int(n * strength)` atoms go with their bonds.
- subgraph: `int(n * (1 - strength)) + 1` atoms stay, which grow from a random one: the next one is drawn uniformly from
  all atoms next to those inside, and from all others where there is none.
- edge_perturbation: `int(e * strength)` directed bonds go, and as many pairs of atoms that have none of those left, an
  atom with itself among them, get one of random type and direction.
- attribute_masking: `int(n * strength)` atoms get the mean of the molecule's atom types, and chiralities, cut off.
- identity.

Atoms without bonds stay.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from relamp.augment.subgraph import costs
from relamp.augment.view import Int64, Mask, Union, choose, first_of_each
from relamp.data.packed import ranges, rank_within

NAMES = ("node_drop", "subgraph", "edge_perturbation", "attribute_masking", "identity")
# Types and directions that a new bond may have.
NEW_TYPES, NEW_DIRECTIONS = 4, 3


class Atoms(NamedTuple):
    """A view of molecules.

    Attributes:
        keep: which atoms remain, `[N]`.
        x: types and chiralities of all atoms, `[N, 2]`.
        edge_index: bonds between those that remain, in the numbers of all, `[2, e]`.
        edge_attr: types and directions of these bonds, `[e, 2]`.
    """

    keep: Mask
    x: Int64
    edge_index: Int64
    edge_attr: Int64


def molecular_view(
    union: Union, x: Int64, edge_attr: Int64, choice: NDArray[np.integer], rng: np.random.Generator
) -> Atoms:
    """Return a view of molecules: atoms `[N, 2]`, bonds `[E, 2]`, and the number of each one's augmentation `[G]`."""
    drop, grow, perturb, mask = (union.only(choice == number) for number in range(4))
    keep = ~drop.draw_nodes(rng)
    keep &= grown(grow, rng) | ~grow.alterable
    hidden = mask.draw_nodes(rng)
    sums = np.zeros((len(union.num_nodes), x.shape[1]), dtype=np.int64)
    np.add.at(sums, union.graph, x)
    x = np.where(hidden[:, None], sums[union.graph] // union.num_nodes[union.graph][:, None], x)
    edge_index, edge_attr = perturbed(perturb, edge_attr, rng)
    between = keep[edge_index[0]] & keep[edge_index[1]]
    return Atoms(keep, x, edge_index[:, between], edge_attr[between])


def grown(union: Union, rng: np.random.Generator) -> Mask:
    """Return the atoms of subgraphs of the altered molecules, `[N]`."""
    inside = np.zeros(len(union.graph), dtype=np.bool_)
    size = union.num_nodes
    # At least one atom goes in, and the target is no more than there are.
    need = np.where(union.altered & (size > 0), (size * (1 - union.strength)).astype(np.int64) + 1, 0)
    # Waiting has no memory: see relamp.augment.subgraph.
    prices = costs(union, rng.standard_exponential(len(union.graph)))
    while need.any():
        outside = np.flatnonzero(~inside & (need[union.graph] > 0))
        seed = outside[choose(union.graph[outside], np.minimum(need, 1), rng)]
        time = dijkstra(prices, indices=seed, min_only=True)
        reached = np.flatnonzero(np.isfinite(time))
        graph = union.graph[reached]
        entered = reached[first_of_each(np.lexsort((time[reached], graph)), graph, need)]
        inside[entered] = True
        need = need - np.bincount(union.graph[entered], minlength=len(need))
    return inside


def perturbed(union: Union, edge_attr: Int64, rng: np.random.Generator) -> tuple[Int64, Int64]:
    """Return the bonds `[2, E]` and what they are `[E, 2]`, some of the altered molecules' replaced by new ones."""
    source, target = union.edge_index
    columns = np.flatnonzero(union.alterable[source])
    graph = union.graph[source[columns]]
    count = union.share(np.bincount(graph, minlength=len(union.altered)))
    stays = np.ones(len(source), dtype=np.bool_)
    stays[columns[choose(graph, count, rng)]] = False

    atoms = ranges(union.node_offset, np.flatnonzero(count))
    partners = union.num_nodes[union.graph[atoms]]
    first = np.repeat(atoms, partners)
    second = union.node_offset[union.graph[first]] + rank_within(partners)
    kept = columns[stays[columns]]
    free = ~np.isin(first * len(union.graph) + second, source[kept] * len(union.graph) + target[kept])
    first, second = first[free], second[free]
    new = choose(union.graph[first], count, rng)
    kinds = np.stack([rng.integers(NEW_TYPES, size=len(new)), rng.integers(NEW_DIRECTIONS, size=len(new))], axis=1)
    edge_index = np.concatenate([union.edge_index[:, stays], np.stack([first[new], second[new]])], axis=1)
    return edge_index, np.concatenate([edge_attr[stays], kinds])
