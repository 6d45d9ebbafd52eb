"""The graph isomorphism network of the unsupervised experiments, as GraphCL sets it up."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import sqrt
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.kernels.alike import Classes
from relamp.kernels.normalise import normalise
from relamp.kernels.pairs import sum_by_target
from relamp.kernels.segments import neighbour_sum
from relamp.model.embeddings import Embeddings, Encoder, Messages
from relamp.settings.graphs import EncoderVariant

Initialisation = Literal["xavier", "pytorch"]


def mlp(
    dims: Sequence[int], generator: torch.Generator, initialisation: Initialisation = "xavier", *, bias: bool = True
) -> nn.Sequential:
    """Return Linear-ReLU-...-Linear, drawn from `generator`, with biases or without.

    "xavier" has Xavier uniform weights and zero biases (GraphCL's code on graphs), "pytorch" weights and biases from
    U(-1 / sqrt(fan_in), 1 / sqrt(fan_in)), PyTorch's default (pretrain-gnns' and GraphCL's code on molecules).
    """
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(dims):
        linear = nn.Linear(fan_in, fan_out, bias)
        if initialisation == "xavier":
            nn.init.xavier_uniform_(linear.weight, generator=generator)
            if bias:
                nn.init.zeros_(linear.bias)
        else:
            for weight in linear.parameters():
                nn.init.uniform_(weight, -1 / sqrt(fan_in), 1 / sqrt(fan_in), generator=generator)
        layers += [linear, nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1])


def embedding(count: int, dim: int, generator: torch.Generator) -> nn.Parameter:
    """Return a table `[count, dim]` with Xavier uniform entries."""
    return nn.Parameter(nn.init.xavier_uniform_(torch.empty(count, dim), generator=generator))


def count_incoming(batch: Batch, kinds: Tensor, size: int) -> Tensor:
    """Return how many edges of each kind reach each node, `[n, size]`, by the kind of every edge `[e]`, or weights."""
    n, place = len(batch.x), batch.edge_index[1] * size + kinds
    if batch.message_weight is not None:
        return sum_by_target(batch.message_weight, place, n * size).view(n, size)
    return torch.bincount(place, minlength=n * size).view(n, size)


class Dropout(nn.Module):
    """Drops a share of what it is given in training, and scales up the rest.

    Attributes:
        random: what it draws from; a training puts its own generator there, whose state is saved with it.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.random: torch.Generator | None = None

    def forward(self, h: Tensor) -> Tensor:
        """Drop from numbers of any shape; raises ValueError in training without a generator."""
        if not (self.training and self.share):
            return h
        if self.random is None:
            raise ValueError("dropout draws from the generator of a training, and has none")
        draws = torch.rand(h.shape, generator=self.random, device=self.random.device, dtype=h.dtype).to(h.device)
        return h * (draws >= self.share) / (1 - self.share)


class GIN(Encoder):
    """GIN (Xu et al. 2019) with sum pooling of every layer, concatenated (LAMP Eq. 1, 2 and 17).

    A layer is `BatchNorm(ReLU(MLP(h_v + sum of h_u over neighbours u)))`, unless a `variant` has it otherwise.
    `cardinality`, the number of `attributes` and `edge_cardinality` are those of `PackedGraphs`. Where edges have
    labels, a message is `h_u` plus a vector for each, as in `relamp.model.molecular_gin`; category 0, no label, has one
    too.
    """

    def __init__(
        self,
        cardinality: Sequence[int],
        hidden: int,
        layers: int,
        generator: torch.Generator,
        attributes: int = 0,
        edge_cardinality: Sequence[int] | None = None,
        initialisation: Initialisation = "xavier",
        variant: EncoderVariant = EncoderVariant(),  # noqa: B008 - is frozen
    ) -> None:
        super().__init__()
        self.variant, self.dropout = variant, Dropout(variant.dropout)
        self.cardinality, self.edge_cardinality = tuple(cardinality), tuple(edge_cardinality or ())
        self.dim = hidden * (layers if variant.readout == "layers" else 1)
        dims = [sum(cardinality) + attributes] + [hidden] * layers
        self.updates = nn.ModuleList(mlp([dims[i], hidden, hidden], generator, initialisation) for i in range(layers))
        self.norms = nn.ModuleList(nn.BatchNorm1d(hidden) for _ in range(layers))
        # Drawn last, so that the other weights are those of an encoder without edge labels.
        kinds = sum(self.edge_cardinality)
        self.edges = nn.ParameterList(embedding(kinds, dims[i], generator) for i in range(layers) if kinds)

    def forward(self, batch: Batch) -> Embeddings:
        """Embed a batch: nodes `[n, hidden]` a layer, graphs `[G, dim]`."""
        if self.training and self.variant.dropout:
            batch = replace(batch, search=False)  # nodes that were alike are not, once parts of them are dropped
        labels, alike, messages = self._edge_labels(batch), batch.alike, Messages(batch)
        rows: list[Tensor] = []
        found: list[Classes] = []
        for i, (update, norm) in enumerate(zip(self.updates, self.norms, strict=True)):
            classes, links = alike.layer(i)
            h = messages.sum(rows[-1], links) if i else messages.input_sums(self.cardinality, links)
            if labels is not None:
                h = h + labels[classes.example].to(h.dtype) @ self.edges[i]
            if self.variant.norm == "after":
                h = normalise(F.relu_(update(h)), norm, classes.size, relu=False)
            else:
                h = normalise(update(h), norm, classes.size, relu=i + 1 < len(self.updates))
            rows.append(self.dropout(h))
            found.append(classes)
        pooled = list(zip(rows, found, strict=True))[0 if self.variant.readout == "layers" else -1 :]
        graph = torch.cat([neighbour_sum(h, each.of(batch.graphs)) for h, each in pooled], 1)
        return Embeddings(tuple(rows), graph, tuple(found))

    def mask_nodes(self, batch: Batch, hidden: Tensor, generator: torch.Generator) -> Batch:
        """Replace the features of the nodes in `hidden` by draws from N(0.5, 0.5), as GraphCL's code does."""
        features = batch.inputs(self.cardinality)
        noise = torch.randn(features.shape, generator=generator, device=features.device) * 0.5 + 0.5
        return replace(batch, features=torch.where(hidden[:, None], noise, features))

    def _edge_labels(self, batch: Batch) -> Tensor | None:
        """Return how many edges of each label reach a node, `[n, sum(edge_cardinality)]`; None without labels."""
        if not self.edge_cardinality or batch.edge_attr is None:
            return None
        columns = [count_incoming(batch, batch.edge_attr[:, i], size) for i, size in enumerate(self.edge_cardinality)]
        return torch.cat(columns, dim=1)
