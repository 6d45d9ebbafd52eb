"""What an encoder returns, and what every encoder offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call

from relamp.data.batch import Batch
from relamp.kernels.alike import Classes
from relamp.kernels.pairs import Pairs, pair_sum
from relamp.kernels.segments import Links, group_sum, neighbour_sum
from relamp.kernels.shares import gathered, processes, shared

NodeEmbedding = Literal["concat", "last"]


@dataclass(frozen=True)
class Embeddings:
    """Embeddings of a batch.

    Attributes:
        rows: embeddings after each layer, one for each class of nodes, each `[C, d]`.
        graph: graph embeddings `[G, D]`.
        classes: the classes after each layer.
    """

    rows: tuple[Tensor, ...]
    graph: Tensor
    classes: tuple[Classes, ...]

    @cached_property
    def layers(self) -> tuple[Tensor, ...]:
        """Node embeddings after each layer, each `[n, d]`."""
        return tuple(neighbour_sum(h, each.spread) for h, each in zip(self.rows, self.classes, strict=True))

    def node(self, which: NodeEmbedding, nodes: Tensor | None = None) -> Tensor:
        """Return the embeddings of some nodes `[m]`, or all: layers side by side `[m, L d]`, or the last `[m, d]`."""
        layers = list(zip(self.rows, self.classes, strict=True))[0 if which == "concat" else -1 :]
        number = None if nodes is None else nodes.cpu().numpy()
        links = [each.spread if number is None else each.rows_of(number) for _, each in layers]
        return torch.cat([neighbour_sum(h, link) for (h, _), link in zip(layers, links, strict=True)], dim=1)


@dataclass(frozen=True)
class Gathered(Embeddings):
    """Embeddings of a batch of which this process has encoded a share: `own`, of nodes from `start` on, of n in all."""

    own: Embeddings
    start: int
    n: int

    @cached_property
    def layers(self) -> tuple[Tensor, ...]:
        """Node embeddings after each layer, each `[n, d]`."""
        return tuple(gathered(h, self._place(len(h), h), self.n) for h in self.own.layers)

    def node(self, which: NodeEmbedding, nodes: Tensor | None = None) -> Tensor:
        """Return the embeddings of some nodes `[m]`, or all, as those of a batch that one process has encoded."""
        if nodes is None:
            h = self.own.node(which)
            return gathered(h, self._place(len(h), h), self.n)
        count = len(self.own.classes[-1].of_node)
        place = torch.nonzero((nodes >= self.start) & (nodes < self.start + count))[:, 0]
        h = self.own.node(which, nodes[place] - self.start)
        return gathered(h, place.to(h.device), len(nodes))

    def _place(self, count: int, like: Tensor) -> Tensor:
        return torch.arange(self.start, self.start + count, device=like.device)


class Messages:
    """What nodes hear in a batch, by the weights of its messages if it has some."""

    def __init__(self, batch: Batch) -> None:
        self.batch, self.weight = batch, batch.message_weight
        self.pairs = None if self.weight is None else Pairs(batch.edge_index[0], batch.edge_index[1], len(batch.x))

    def sum(self, h: Tensor, links: Links) -> Tensor:
        """Return the sums `[C, d]` of a node's own row and its neighbours', of rows `[m, d]`, for each class."""
        if self.weight is None or self.pairs is None:
            return neighbour_sum(h, links)
        return h + pair_sum(self.weight.to(h.dtype), h, self.pairs)

    def input_sums(self, cardinality: Sequence[int], links: Links) -> Tensor:
        """Return the same of what the first layer of an encoder sees of the nodes."""
        if self.weight is None and self.batch.gate is None:
            return self.batch.input_sums(cardinality)
        return self.sum(self.batch.inputs(cardinality), links)


class Encoder(nn.Module):
    """A graph encoder: a batch in, embeddings out; `dim` is the width of the graph embedding."""

    dim: int

    def forward(self, batch: Batch) -> Embeddings:
        """Embed the nodes and graphs of a batch."""
        raise NotImplementedError

    def mask_nodes(self, batch: Batch, hidden: Tensor, generator: torch.Generator) -> Batch:
        """Return the batch with the attributes of the nodes in the mask `hidden` `[n]` replaced by nothing or noise."""
        raise NotImplementedError

    def __call__(self, batch: Batch) -> Embeddings:
        """Embed a batch (typed, unlike `nn.Module.__call__`), of which each process encodes its share."""
        embeddings: Embeddings
        if processes() == 1:
            embeddings = super().__call__(batch)
            return embeddings
        share = batch.share
        with shared():
            embeddings = super().__call__(share.batch)
        place = torch.arange(share.graph, share.graph + share.batch.num_graphs, device=batch.x.device)
        graph = gathered(embeddings.graph, place, batch.num_graphs)
        return Gathered((), graph, (), embeddings, share.node, len(batch.x))


def forward_with(encoder: Encoder, weights: Mapping[str, Tensor], batch: Batch, own_statistics: bool) -> Embeddings:
    """Embed a batch with some weights replaced by name, gradients flowing through the replacements.

    With `own_statistics` this pass does not move the encoder's running BatchNorm statistics.
    """
    buffers = {name: buffer.clone() for name, buffer in encoder.named_buffers()} if own_statistics else {}
    embeddings: Embeddings = functional_call(encoder, {**weights, **buffers}, (batch,))
    return embeddings


def sum_pool(h: Tensor, batch: Batch) -> Tensor:
    """Sum node embeddings `[n, d]` by graph into `[G, d]`."""
    return group_sum(h, batch.graphs)


def mean_pool(h: Tensor, batch: Batch) -> Tensor:
    """Average node embeddings `[n, d]` by graph into `[G, d]`; a graph without nodes gets zeros."""
    return sum_pool(h, batch) / batch.graphs.sizes.clamp_min(1)[:, None]
