"""Batches of packed graphs as torch tensors, without padding."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from relamp.data.corpus import PackedCorpus
from relamp.data.packed import Integers, PackedGraphs


@dataclass(frozen=True)
class Batch:
    """The disjoint union of some graphs.

    Attributes:
        x: categorical node features `[n, columns]`, int64.
        edge_index: `[2, e]`, nodes numbered through the batch; a message goes from row 0 to row 1.
        graph: the graph of each node `[n]`, ascending.
        num_graphs: number of graphs; some may have no node.
        edge_attr: categorical edge features `[e, columns]`, or None.
        features: real-valued features `[n, d]` in place of `x`, or None: one-hot categories beside the data's own
            attributes, or what a method or an augmentation put there.
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
    taken = data.take(index)
    x, features = torch.from_numpy(taken.x.astype(np.int64)), None
    if taken.attributes is not None:
        features = torch.cat([one_hot(x, taken.cardinality), torch.from_numpy(taken.attributes)], dim=1)
    return Batch(
        x=x,
        edge_index=torch.from_numpy(taken.global_edge_index()),
        graph=torch.from_numpy(np.repeat(np.arange(len(taken)), taken.num_nodes)),
        num_graphs=len(taken),
        edge_attr=None if taken.edge_attr is None else torch.from_numpy(taken.edge_attr.astype(np.int64)),
        features=features,
    )


def one_hot(x: Tensor, cardinality: Sequence[int]) -> Tensor:
    """Return categorical columns `[n, columns]` as one-hot features `[n, sum(cardinality)]`."""
    columns = [F.one_hot(x[:, i], size) for i, size in enumerate(cardinality)]
    return torch.cat(columns, dim=1).float()


def with_self_loops(batch: Batch, *, but_last: bool, labelled: bool = False) -> Batch:
    """Return the batch with an edge (n, n) for every node, or for every node but the last of each graph.

    The second is what GraphCL's public code does. Where edges are `labelled`, these get category 0, which is no label;
    molecules bring their own self-loops in the encoder.
    """
    nodes = torch.arange(len(batch.x), device=batch.x.device)
    if but_last:
        nodes = nodes[:-1][batch.graph[:-1] == batch.graph[1:]]
    if batch.edge_attr is not None:
        if not labelled:
            raise ValueError("the molecular encoder adds self-loops itself")
        none = batch.edge_attr.new_zeros(len(nodes), batch.edge_attr.shape[1])
        batch = replace(batch, edge_attr=torch.cat([batch.edge_attr, none]))
    return replace(batch, edge_index=torch.cat([batch.edge_index, nodes.expand(2, -1)], dim=1))
