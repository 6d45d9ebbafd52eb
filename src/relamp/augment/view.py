"""What an augmentation gives back, and what all of them need: the union of graphs and a draw from each graph."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self, get_args

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import Integers, rank_within
from relamp.errors import RelampError
from relamp.settings.graphs import Reading

Int64 = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class View:
    """A view of a union of graphs, in the union's own numbering; arrays may be shared with the input.

    Attributes:
        keep: `[N]`, nodes that remain.
        edge_index: `[2, e]`, edges of the view, only between nodes that remain.
        edge_origin: `[e]`, column of the input edge whose attributes an edge of the view carries.
        redraw: `[N]`, nodes whose features are replaced, or None.
    """

    keep: Mask
    edge_index: Int64
    edge_origin: Int64
    redraw: Mask | None = None


@dataclass(frozen=True)
class Union:
    """The graphs that an augmentation gets, made once for any number of views.

    Attributes:
        edge_index: `[2, E]`, nodes numbered through all graphs.
        node_offset: `[G + 1]`.
        altered: `[G]`, graphs that the augmentation alters; the others pass through.
        strength: share of things that is drawn.
        reading: the papers' words, or the public code on graphs or on molecules.
    """

    edge_index: Int64
    node_offset: Int64
    altered: Mask
    strength: float
    reading: Reading

    @classmethod
    def of(cls, edge_index: Integers, node_offset: Integers, strength: float, reading: Reading = "paper") -> Self:
        """Return the union of these graphs, all of which are altered.

        Raises RelampError if the strength is no share or the reading is unknown.
        """
        if not 0 <= strength <= 1:
            raise RelampError(f"augmentation: a strength of {strength} is no share; choose one between 0 and 1")
        if reading not in get_args(Reading):
            raise RelampError(f"augmentation: no reading {reading!r}; choose one of {', '.join(get_args(Reading))}")
        # Narrow integers would overflow where one number stands for a pair of nodes.
        wide = np.asarray(edge_index, dtype=np.int64), np.asarray(node_offset, dtype=np.int64)
        return cls(*wide, np.full(len(node_offset) - 1, strength > 0), strength, reading)

    def only(self, graphs: Mask) -> Self:
        """Return the union with only the graphs of a mask `[G]` altered; raises RelampError if its shape is wrong."""
        if graphs.shape != self.altered.shape:
            raise RelampError(
                f"augmentation: a mask of shape {graphs.shape} for {len(self.altered)} graphs; give one entry per graph"
            )
        return replace(self, altered=graphs & (self.strength > 0))

    @cached_property
    def num_nodes(self) -> Int64:
        """Number of nodes of each graph, `[G]`."""
        return np.diff(self.node_offset)

    @cached_property
    def graph(self) -> Int64:
        """The graph of each node, `[N]`."""
        return np.repeat(np.arange(len(self.num_nodes)), self.num_nodes)

    @cached_property
    def alterable(self) -> Mask:
        """Nodes of the altered graphs, `[N]`."""
        return np.repeat(self.altered, self.num_nodes)

    def share(self, size: Int64) -> Int64:
        """Return `int(size * strength)` for each altered graph and 0 for the others, `[G]`."""
        return np.where(self.altered, (size * self.strength).astype(np.int64), 0)

    def draw_nodes(self, rng: np.random.Generator) -> Mask:
        """Draw the share of nodes of each altered graph, uniformly without replacement; return a mask `[N]`."""
        nodes = np.flatnonzero(self.alterable)
        drawn = np.zeros(len(self.graph), dtype=np.bool_)
        drawn[nodes[choose(self.graph[nodes], self.share(self.num_nodes), rng)]] = True
        return drawn

    def induced(self, keep: Mask) -> View:
        """Return the view of the nodes `[N]` to keep with all edges between them."""
        between = keep[self.edge_index[0]] & keep[self.edge_index[1]]
        if between.all():
            return self.view(keep, self.edge_index, np.arange(len(between)))
        origin = np.flatnonzero(between)
        return self.view(keep, self.edge_index[:, origin], origin)

    def view(self, keep: Mask, edge_index: Int64, origin: Int64) -> View:
        """Return the view of these nodes and edges, in the code's reading without isolated nodes and self-loops.

        The code takes the nodes of a view from its edges, self-loops included, so a node without any is gone; then it
        drops the self-loops. On molecules isolated nodes stay, and a view without edges is given up.
        """
        if self.reading == "code" and self.altered.any():
            touched = ~self.alterable
            touched[edge_index[0]] = True
            touched[edge_index[1]] = True
            keep = keep & touched
            between = (edge_index[0] != edge_index[1]) | ~self.alterable[edge_index[0]]
            if not between.all():
                edge_index, origin = edge_index[:, between], origin[between]
        if self.reading == "molecules" and self.altered.any():
            bonds = np.bincount(self.graph[edge_index[0]], minlength=len(self.altered))
            whole = self.altered & (bonds == 0)
            keep = keep | np.repeat(whole, self.num_nodes)
            origin = np.union1d(origin, np.flatnonzero(whole[self.graph[self.edge_index[0]]]))
            edge_index = self.edge_index[:, origin]
        return View(keep, edge_index, origin)


def choose(group: Int64, count: Int64, rng: np.random.Generator) -> Int64:
    """Draw `count` `[k]` items from each of many groups, uniformly without replacement, by the order of random keys.

    `group` is the group of each item, `0 ... k - 1`, in any order, `[n]`; a group of fewer items is drawn whole.
    Returns the positions of the drawn items, sorted by group and in random order within a group.
    """
    # One integer holds the group and, below it, the key: a single sort of integers is three times faster than a
    # lexsort. The key has some 50 bits for thousands of groups, so equal keys play no part.
    bits = 63 - len(count).bit_length()
    key = (group.astype(np.int64) << bits) | rng.integers(1 << bits, size=len(group))
    return first_of_each(np.argsort(key), group, count)


def first_of_each(order: Int64, group: Int64, count: Int64) -> Int64:
    """Return the first `count[g]` items of each group g, from an order of the items that is sorted by group."""
    size = np.bincount(group, minlength=len(count))
    return order[rank_within(size) < np.repeat(count, size)]
