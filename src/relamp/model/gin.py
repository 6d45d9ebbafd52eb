"""The graph isomorphism network of the unsupervised experiments, as GraphCL sets it up."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.model.embeddings import Embeddings, Encoder, sum_pool


def mlp(dims: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    """Return Linear-ReLU-...-Linear with Xavier uniform weights and zero biases, drawn from `generator`."""
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(dims):
        linear = nn.Linear(fan_in, fan_out)
        nn.init.xavier_uniform_(linear.weight, generator=generator)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def one_hot(x: Tensor, cardinality: Sequence[int]) -> Tensor:
    """Return categorical columns `[n, columns]` as one-hot features `[n, sum(cardinality)]`."""
    columns = [F.one_hot(x[:, i], size) for i, size in enumerate(cardinality)]
    return torch.cat(columns, dim=1).float()


class GIN(Encoder):
    """GIN (Xu et al. 2019) with sum pooling of every layer, concatenated (LAMP Eq. 1, 2 and 17).

    A layer is `BatchNorm(ReLU(MLP(h_v + sum of h_u over neighbours u)))`; `cardinality` is that of `PackedGraphs`.
    """

    def __init__(self, cardinality: Sequence[int], hidden: int, layers: int, generator: torch.Generator) -> None:
        super().__init__()
        self.cardinality = tuple(cardinality)
        self.dim = hidden * layers
        dims = [sum(cardinality)] + [hidden] * layers
        self.updates = nn.ModuleList(mlp([dims[i], hidden, hidden], generator) for i in range(layers))
        self.norms = nn.ModuleList(nn.BatchNorm1d(hidden) for _ in range(layers))

    def forward(self, batch: Batch) -> Embeddings:
        """Embed a batch: nodes `[n, hidden]` a layer, graphs `[G, layers * hidden]`."""
        source, target = batch.edge_index
        h = one_hot(batch.x, self.cardinality) if batch.features is None else batch.features
        layers = []
        for update, norm in zip(self.updates, self.norms, strict=True):
            h = norm(F.relu(update(h.index_add(0, target, h[source]))))
            layers.append(h)
        graph = torch.cat([sum_pool(layer, batch.graph, batch.num_graphs) for layer in layers], dim=1)
        return Embeddings(tuple(layers), graph)

    def mask_nodes(self, batch: Batch, hidden: Tensor, generator: torch.Generator) -> Batch:
        """Replace the features of the nodes in `hidden` by draws from N(0.5, 0.5), as GraphCL's code does."""
        features = one_hot(batch.x, self.cardinality)
        noise = torch.randn(features.shape, generator=generator, device=features.device) * 0.5 + 0.5
        return replace(batch, features=torch.where(hidden[:, None], noise, features))
