"""Random walks on graphs."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import Integers, offsets
from relamp.data.streams import stream


class Walks:
    """Uniform random walks along edges `[2, E]` of so many nodes, each from a node to one of those it is joined to.

    Loops are left out, and an edge that is there twice counts once. All walks take a step together.
    """

    def __init__(self, edge_index: Integers, nodes: int) -> None:
        source, target = np.asarray(edge_index, dtype=np.int64)
        keys = np.unique(np.stack([source, target], axis=1)[source != target], axis=0)
        self.neighbour = keys[:, 1]
        self.degree = np.bincount(keys[:, 0], minlength=nodes)
        self.offset = offsets(self.degree)[:-1]

    def draw(self, start: Integers, length: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return a walk over `length` nodes from each of some nodes `[w]`, `[w, length]`; one without edges stays."""
        walk = np.empty((length, len(start)), dtype=np.int64)
        walk[0] = start
        moves = self.degree[walk[0]] > 0
        for step in range(1, length):
            at = walk[step - 1]
            walk[step] = at
            which = (rng.random(len(at)) * self.degree[at]).astype(np.int64)
            walk[step, moves] = self.neighbour[(self.offset[at] + which)[moves]]
        return walk.T


def walks(edge_index: Integers, nodes: int, times: int, length: int, seed: int) -> Iterator[Integers]:
    """Yield walks over `length` nodes along edges `[2, E]`: so many times one from each node, in a drawn order."""
    walker, rng = Walks(edge_index, nodes), stream(seed, "walks")
    for _ in range(times):
        order = rng.permutation(nodes)
        yield from walker.draw(order, length, rng)
