"""Augmentations of graphs (You et al. 2020, GraphCL), over a whole union of graphs at once.

Each takes `(edge_index, node_offset, strength, rng, reading="paper", graphs=None)`: edges `[2, E]` int64 with nodes
numbered through the union, grouped in any order; `node_offset` `[G + 1]`; the strength, a share in [0, 1]; a numpy
Generator; the reading; and a mask `[G]` of the graphs to alter, all others pass through. Each returns a `View` and
raises RelampError if the strength is no share or the reading is unknown.

Counts are cut off, as the code does: a share of n things is `int(n * strength)` of them. Strength 0 turns every
augmentation off, whatever else is said below.

Reading "paper" takes the words of the papers, reading "code" does what GraphCL's unsupervised_TU code does:

- node_drop: both drop `int(n * strength)` nodes and their edges.
- edge_perturbation: "paper" removes a share of the undirected edges and adds as many; "code" removes a share of the
  directed entries and adds none.
- subgraph: "paper" grows from a random seed to `max(1, int(n * strength))` nodes; "code" takes the seed and up to
  `int(n * strength)` of its direct neighbours.
- attribute_masking: both mark `int(n * strength)` nodes.
- "code" takes the nodes of every view from its edges, so isolated nodes vanish; one with a self-loop is not isolated.
  A graph may be left without nodes.

So for `subgraph` alone the strength is the share that is KEPT, as GraphCL's ratio of 0.2 means it: it removes 80 %.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from relamp.augment.edge_perturbation import edge_perturbation
from relamp.augment.node_drop import attribute_masking, node_drop
from relamp.augment.subgraph import subgraph
from relamp.augment.view import Reading, View

__all__ = [
    "AUGMENTATIONS",
    "Augmentation",
    "Reading",
    "View",
    "attribute_masking",
    "edge_perturbation",
    "node_drop",
    "subgraph",
]


class Augmentation(Protocol):
    """The signature that all augmentations share."""

    def __call__(
        self,
        edge_index: NDArray[np.int64],
        node_offset: NDArray[np.int64],
        strength: float,
        rng: np.random.Generator,
        reading: Reading = "paper",
        graphs: NDArray[np.bool_] | None = None,
    ) -> View:
        """Return a view of the graphs."""
        ...


AUGMENTATIONS: Mapping[str, Augmentation] = MappingProxyType(
    {
        "node_drop": node_drop,
        "edge_perturbation": edge_perturbation,
        "subgraph": subgraph,
        "attribute_masking": attribute_masking,
    }
)
