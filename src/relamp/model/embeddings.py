"""What an encoder returns, and what every encoder offers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call

from relamp.data.batch import Batch
from relamp.kernels.segments import Links, group_sum, neighbour_sum

NodeEmbedding = Literal["concat", "last"]


@dataclass(frozen=True)
class Embeddings:
    """Embeddings of a batch.

    Attributes:
        rows: what each layer makes of the nodes `[k, d]`: a row for each colour, or for each node.
        graph: graph embeddings `[G, D]`.
        colours: the row of each node `[n]` after each layer; none where each has its own.
    """

    rows: tuple[Tensor, ...]
    graph: Tensor
    colours: tuple[Tensor, ...] = ()

    def layers(self, nodes: Tensor | None = None) -> list[Tensor]:
        """Return the embeddings after each layer of these nodes, or of all, each `[n, d]`."""
        if not self.colours:
            return [row if nodes is None else row[nodes] for row in self.rows]
        wanted = self.colours if nodes is None else [colour[nodes] for colour in self.colours]
        return [rows_of(row, colour) for row, colour in zip(self.rows, wanted, strict=True)]

    def node(self, which: NodeEmbedding, nodes: Tensor | None = None) -> Tensor:
        """Return the embeddings of these nodes, or of all: all layers concatenated `[n, L d]`, or the last `[n, d]`."""
        layers = self.layers(nodes)
        return torch.cat(layers, dim=1) if which == "concat" else layers[-1]


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
        """Embed a batch (typed, unlike `nn.Module.__call__`)."""
        embeddings: Embeddings = super().__call__(batch)
        return embeddings


def forward_with(encoder: Encoder, weights: Mapping[str, Tensor], batch: Batch, own_statistics: bool) -> Embeddings:
    """Embed a batch with some weights replaced by name, gradients flowing through the replacements.

    With `own_statistics` this pass does not move the encoder's running BatchNorm statistics.
    """
    buffers = {name: buffer.clone() for name, buffer in encoder.named_buffers()} if own_statistics else {}
    embeddings: Embeddings = functional_call(encoder, {**weights, **buffers}, (batch,))
    return embeddings


def rows_of(h: Tensor, number: Tensor) -> Tensor:
    """Return the row of `h` `[k, d]` that each number `[n]` names, `[n, d]`, with gradient."""
    return neighbour_sum(h, Links(number, torch.arange(len(number), device=number.device), len(h), len(number)))


def sum_pool(h: Tensor, batch: Batch) -> Tensor:
    """Sum node embeddings `[n, d]` by graph into `[G, d]`."""
    return group_sum(h, batch.graphs)


def mean_pool(h: Tensor, batch: Batch) -> Tensor:
    """Average node embeddings `[n, d]` by graph into `[G, d]`; a graph without nodes gets zeros."""
    return sum_pool(h, batch) / batch.graphs.sizes.clamp_min(1)[:, None]
