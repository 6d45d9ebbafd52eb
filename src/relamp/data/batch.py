"""Batches of packed graphs as torch tensors, without padding."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from relamp.data.corpus import PackedCorpus
from relamp.data.packed import Integers, PackedGraphs, ranges
from relamp.kernels.alike import Alike
from relamp.kernels.segments import Groups
from relamp.kernels.shares import processes, rank


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
        edge_weight: weights `[e]` of edges for methods that weigh them, or None.
        message_weight, gate: factors of messages `[e]` and of what is seen of nodes `[n]`, or None; gradients go back
            to them. With either `search` is False.
        largest: number of nodes of the largest graph of the data set.
        search: whether to look for nodes that an encoder cannot tell apart; results are the same.
    """

    x: Tensor
    edge_index: Tensor
    graph: Tensor
    num_graphs: int
    edge_attr: Tensor | None = None
    features: Tensor | None = None
    edge_weight: Tensor | None = None
    message_weight: Tensor | None = None
    gate: Tensor | None = None
    largest: int = 0
    search: bool = True
    # What is made of a batch once, however often it is encoded; a changed batch begins anew.
    _sums: dict[tuple[int, ...], Tensor] = field(init=False, repr=False, compare=False, default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes of its tensors, and of the nodes that were found alike."""
        return sum(value.nbytes for value in vars(self).values() if isinstance(value, Tensor | Alike))

    @cached_property
    def alike(self) -> Alike:
        """Which nodes an encoder cannot tell apart."""
        seen = self.x if self.features is None else self.features
        return Alike(seen, self.edge_index, self.edge_attr, self.search)

    @cached_property
    def graphs(self) -> Groups:
        """Whose nodes are whose."""
        return Groups(self.graph, self.num_graphs)

    @cached_property
    def share(self) -> "Share":
        """What this process encodes of it, of several that train together: as many graphs as the others, or one more.

        Raises ValueError for factors of messages or nodes, whose gradients are not gathered.
        """
        if self.message_weight is not None or self.gate is not None:
            raise ValueError("a batch whose messages or nodes are weighed cannot be shared")
        first, end = (number * self.num_graphs // processes() for number in (rank(), rank() + 1))
        a, b = torch.searchsorted(self.graph, torch.tensor([first, end], device=self.graph.device)).tolist()
        source = self.edge_index[0]
        edges = (source >= a) & (source < b)

        def of(value: Tensor | None, which: Tensor | slice) -> Tensor | None:
            return None if value is None else value[which]

        part = replace(
            self,
            x=self.x[a:b],
            edge_index=self.edge_index[:, edges] - a,
            graph=self.graph[a:b] - first,
            num_graphs=end - first,
            edge_attr=of(self.edge_attr, edges),
            features=of(self.features, slice(a, b)),
            edge_weight=of(self.edge_weight, edges),
        )
        return Share(part, first, a)

    def inputs(self, cardinality: Sequence[int]) -> Tensor:
        """Return what the first layer of an encoder sees of the nodes `[n, d]`: `features`, or one-hot categories."""
        seen = one_hot(self.x, cardinality) if self.features is None else self.features
        return seen if self.gate is None else seen * self.gate[:, None]

    def input_sums(self, cardinality: Sequence[int]) -> Tensor:
        """Return the `inputs` of a node and its neighbours, summed, for each class after the first layer `[C, d]`."""
        key = tuple(cardinality)
        if key not in self._sums:
            (_, links), nodes = self.alike.layer(0), self.alike.classes[0].example
            shown = replace(self, x=self.x[nodes], features=None if self.features is None else self.features[nodes])
            self._sums[key] = links.heard.sum(shown.inputs(cardinality))
        return self._sums[key]

    def to(self, device: torch.device | str) -> Self:
        """Return the batch on a device."""
        tensors: dict[str, Any] = {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}
        return replace(self, **{name: tensor.to(device) for name, tensor in tensors.items()})


@dataclass(frozen=True)
class Share:
    """Some graphs of a batch, one after another: the first graph's number, and its first node's."""

    batch: Batch
    graph: int
    node: int


def collate(data: PackedGraphs | PackedCorpus, index: Integers) -> Batch:
    """Gather the graphs of `index` into one batch: two fancy indexings and one addition, no loop over graphs."""
    index = np.asarray(index, dtype=np.int64)
    if isinstance(data, PackedCorpus):
        # Its largest molecule is not looked for: no method that pads sees molecules.
        data, index = data.take(index), np.arange(len(index))
    nodes, edges = ranges(data.node_offset, index), ranges(data.edge_offset, index)
    num_nodes, num_edges = data.num_nodes[index], data.num_edges[index]
    shift = np.repeat(np.cumsum(num_nodes) - num_nodes, num_edges)
    # Not by `take`, which copies labels, builds offsets and checks a data set: every step of a training comes here.
    x, features = torch.from_numpy(data.x[nodes].astype(np.int64)), None
    if data.attributes is not None and data.shown_attributes:
        features = torch.cat([one_hot(x, data.cardinality), torch.from_numpy(data.attributes[nodes])], dim=1)
    return Batch(
        x=x,
        edge_index=torch.from_numpy(data.edge_index[:, edges].astype(np.int64) + shift),
        graph=torch.from_numpy(np.repeat(np.arange(len(index)), num_nodes)),
        num_graphs=len(index),
        edge_attr=None if data.edge_attr is None else torch.from_numpy(data.edge_attr[edges].astype(np.int64)),
        features=features,
        edge_weight=None if data.edge_weight is None else torch.from_numpy(data.edge_weight[edges]),
        largest=int(data.num_nodes.max(initial=0)),
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
    # Encoders that are given self-loops weigh no edges.
    return replace(batch, edge_index=torch.cat([batch.edge_index, nodes.expand(2, -1)], dim=1), edge_weight=None)


def induced(batch: Batch, kept: Tensor) -> Batch:
    """Return the nodes of a mask `[n]` with all edges between them; graphs keep their numbers, some may be empty."""
    between = kept[batch.edge_index].all(0)
    number = kept.cumsum(0) - 1
    per_node = {name: getattr(batch, name) for name in ("x", "graph", "features", "gate")}
    per_edge = {name: getattr(batch, name) for name in ("edge_attr", "edge_weight", "message_weight")}
    return replace(
        batch,
        edge_index=number[batch.edge_index[:, between]],
        **{name: value[kept] for name, value in per_node.items() if value is not None},
        **{name: value[between] for name, value in per_edge.items() if value is not None},
    )
