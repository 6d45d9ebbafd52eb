"""Batches of packed graphs as torch tensors, without padding."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from relamp.data.corpus import PackedCorpus
from relamp.data.packed import Integers, PackedGraphs, ranges


@dataclass(frozen=True)
class Batch:
    """The disjoint union of some graphs.

    Attributes:
        x: categorical node features `[n, columns]`, int64.
        edge_index: `[2, e]`, nodes numbered through the batch; a message goes from row 0 to row 1.
        graph: the graph of each node `[n]`, ascending.
        num_graphs: number of graphs; some may have no node.
        edge_attr: categorical edge features `[e, columns]`, or None.
        features: real-valued features `[n, d]` that an augmentation put in place of `x`, or None.
    """

    x: Tensor
    edge_index: Tensor
    graph: Tensor
    num_graphs: int
    edge_attr: Tensor | None = None
    features: Tensor | None = None

    def to(self, device: torch.device | str) -> Self:
        """Return the batch on a device."""
        tensors: dict[str, Any] = {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, **{name: tensor.to(device) for name, tensor in tensors.items()})


def collate(data: PackedGraphs | PackedCorpus, index: Integers) -> Batch:
    """Gather the graphs of `index` into one batch: two fancy indexings and one addition, no loop over graphs."""
    index = np.asarray(index, dtype=np.int64)
    if isinstance(data, PackedCorpus):
        data, index = data.take(index), np.arange(len(index))
    nodes, edges = ranges(data.node_offset, index), ranges(data.edge_offset, index)
    num_nodes, num_edges = data.num_nodes[index], data.num_edges[index]
    shift = np.repeat(np.cumsum(num_nodes) - num_nodes, num_edges)
    # Not by `take`, which copies labels, builds offsets and checks a data set: every step of a training comes here.
    return Batch(
        x=torch.from_numpy(data.x[nodes].astype(np.int64)),
        edge_index=torch.from_numpy(data.edge_index[:, edges].astype(np.int64) + shift),
        graph=torch.from_numpy(np.repeat(np.arange(len(index)), num_nodes)),
        num_graphs=len(index),
        edge_attr=None if data.edge_attr is None else torch.from_numpy(data.edge_attr[edges].astype(np.int64)),
    )


def with_self_loops(batch: Batch, *, but_last: bool) -> Batch:
    """Return the batch with an edge (n, n) for every node, or for every node but the last of each graph.

    The second is what GraphCL's public code does. Molecules bring their own self-loops in the encoder.
    """
    nodes = torch.arange(len(batch.x), device=batch.x.device)
    if but_last:
        nodes = nodes[:-1][batch.graph[:-1] == batch.graph[1:]]
    if batch.edge_attr is not None:
        raise ValueError("the molecular encoder adds self-loops itself")
    return replace(batch, edge_index=torch.cat([batch.edge_index, nodes.expand(2, -1)], dim=1))
