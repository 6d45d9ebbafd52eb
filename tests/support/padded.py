"""Batches of graphs as dense, padded tensors: what M-Mix's and MVGRL's public code computes, written slowly."""

import torch
from torch import Tensor

from diffused import slow_adjacency
from relamp.data.batch import Batch


def padded_rows(values: Tensor, batch: Batch, size: int) -> Tensor:
    """Rows `[n, d]` of a batch as `[G, size, d]`, zeros for padded nodes."""
    made = values.new_zeros(batch.num_graphs, size, values.shape[1])
    for g in range(batch.num_graphs):
        own = values[batch.graph == g]
        made[g, : len(own)] = own
    return made


def padded_adjacency(batch: Batch, size: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """The normalised adjacency of each graph with self-loops, `[G, size, size]`, rows of zeros for padded nodes."""
    made = torch.zeros(batch.num_graphs, size, size, dtype=dtype)
    for g in range(batch.num_graphs):
        nodes = (batch.graph == g).nonzero()[:, 0]
        if len(nodes):
            inside = batch.edge_index[:, batch.graph[batch.edge_index[0]] == g] - nodes[0]
            made[g, : len(nodes), : len(nodes)] = torch.from_numpy(slow_adjacency(inside.numpy(), len(nodes)))
    return made
