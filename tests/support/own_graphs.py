"""Small random graphs as a user's own data may be: with attributes of the nodes and labels of the edges."""

from dataclasses import replace

import numpy as np

from model_graphs import random_graphs
from relamp.data.packed import PackedGraphs


def with_attributes(data: PackedGraphs, columns: int = 2) -> PackedGraphs:
    drawn = np.random.default_rng(1).normal(size=(len(data.x), columns))
    return replace(data, attributes=drawn.astype(np.float32))


def with_edge_labels(data: PackedGraphs) -> PackedGraphs:
    """Labels 1 and 2 by whether the ends' sum is even, and a second column of nothing but 1."""
    kind = 1 + data.edge_index.sum(axis=0) % 2
    return replace(data, edge_attr=np.stack([kind, np.ones_like(kind)], axis=1), edge_cardinality=(3, 2))


def own_graphs(count: int = 21) -> PackedGraphs:
    return with_edge_labels(with_attributes(random_graphs(0, count=count)))
