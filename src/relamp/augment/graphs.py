"""Augmentations of graphs (You et al. 2020, GraphCL), over a whole union of graphs at once.

Each takes a `Union`, which holds the graphs, the strength, the reading and which graphs are altered, and a numpy
Generator, and returns a `View`.

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
- "molecules", what GraphCL's code does on molecules, is as "code", but isolated nodes stay, and of a view without edges
  the graph itself is taken.

So for `subgraph` alone the strength is the share that is KEPT, as GraphCL's ratio of 0.2 means it: it removes 80 %.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import get_args

import numpy as np

from relamp.augment.edge_perturbation import edge_perturbation
from relamp.augment.subgraph import subgraph
from relamp.augment.view import Union, View
from relamp.settings.graphs import Augmentation

__all__ = [
    "AUGMENTATIONS",
    "Augment",
    "Union",
    "View",
    "attribute_masking",
    "edge_perturbation",
    "identity",
    "node_drop",
    "subgraph",
]


def identity(union: Union, rng: np.random.Generator) -> View:  # noqa: ARG001 - called like all others
    """Change nothing; in the reading "code" isolated nodes and self-loops go, as in every view."""
    return union.induced(np.ones(len(union.graph), dtype=np.bool_))


def node_drop(union: Union, rng: np.random.Generator) -> View:
    """Drop `int(n * strength)` random nodes of each graph with their edges (You et al. 2020, Table 1)."""
    return union.induced(~union.draw_nodes(rng))


def attribute_masking(union: Union, rng: np.random.Generator) -> View:
    """Mark `int(n * strength)` random nodes of each graph for other features (You et al. 2020, Table 1)."""
    view = identity(union, rng)
    return replace(view, redraw=union.draw_nodes(rng) & view.keep)


Augment = Callable[[Union, np.random.Generator], View]
# The settings' names are those of the functions.
AUGMENTATIONS: Mapping[str, Augment] = MappingProxyType({name: globals()[name] for name in get_args(Augmentation)})
