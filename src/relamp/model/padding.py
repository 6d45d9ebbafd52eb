"""Graphs padded to the largest of their data set, as MVGRL's and M-Mix's public code has them, without a padded batch.

A padded node has no features and no edges, so that all those of a graph have one row, which is counted.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from relamp.data.batch import Batch
from relamp.model.embeddings import sum_pool


class View(NamedTuple):
    """What a branch gives a batch: its nodes' rows `[n, d]`, and the padded nodes' of each graph, `[G, d]` or None."""

    nodes: Tensor
    padded: Tensor | None = None


def missing(batch: Batch) -> Tensor:
    """Return how many nodes each graph of a batch lacks to be as large as the largest of its data set, `[G]`."""
    return batch.largest - batch.graphs.sizes


def summed(view: View, batch: Batch) -> Tensor:
    """Return the sum of a graph's nodes, padded ones among them, `[G, d]`."""
    total = sum_pool(view.nodes, batch)
    return total if view.padded is None else total + missing(batch)[:, None] * view.padded


def averaged(view: View, batch: Batch) -> Tensor:
    """Return the mean of a graph's nodes, padded ones among them, `[G, d]`; a graph without nodes gets zeros."""
    size = batch.graphs.sizes if view.padded is None else batch.graphs.sizes + missing(batch)
    return summed(view, batch) / size.clamp_min(1)[:, None]


def rows(views: tuple[View, View], batch: Batch, drawn: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the rows of two views `[m, d]`, the graph of each row `[m]`, ascending, and how often it stands there.

    Of the nodes only those that were `drawn` count, or all; padded ones count in the same share.
    """
    nodes, graph = [view.nodes for view in views], batch.graph
    times = nodes[0].new_ones(len(graph))
    if drawn is not None:
        nodes, graph, times = [z[drawn] for z in nodes], graph[drawn], times[drawn]
    lacking = missing(batch).nonzero()[:, 0]
    of_padded = missing(batch)[lacking] * (len(graph) / max(len(batch.graph), 1))
    graph, times = torch.cat([graph, lacking]), torch.cat([times, of_padded.to(times)])
    order = torch.argsort(graph, stable=True)
    a, b = (
        torch.cat([z, view.padded.expand(batch.num_graphs, -1)[lacking]])[order]
        for z, view in zip(nodes, views, strict=True)
        if view.padded is not None
    )
    return a, b, graph[order], times[order]
