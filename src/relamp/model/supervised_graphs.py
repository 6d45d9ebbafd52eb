"""Classifiers of graphs that are trained on labels: GIN-0, GIN-eps, GraphSAGE and GCN (M-Mix Table 3)."""

from itertools import pairwise
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.kernels.segments import Neighbours, group_sum, neighbour_sum
from relamp.settings.supervised import GraphModel


class GraphClassifier(nn.Module):
    """Layers `ReLU(BatchNorm(MLP(neighbourhood)))`, each pooled into logits of its own, which are summed.

    The printed rows are variants of GIN's paper (Xu et al. 2019), from one public code. The neighbourhood is the sum
    over a node and its neighbours ("gin-0"), over the neighbours and `1 + eps` times the node, eps learnt for each
    layer ("gin-eps"), or the mean ("gcn") or largest entries ("graphsage") over both, with one linear map in place of
    the MLP. The input is pooled too. Weights and biases are PyTorch's default; `random` draws which logits of a layer
    dropout sets to 0 in training.
    """

    def __init__(
        self,
        kind: GraphModel,
        features: int,
        classes: int,
        hidden: int,
        layers: int,
        dropout: float,
        mean: bool,
        generator: torch.Generator,
        random: torch.Generator,
    ) -> None:
        super().__init__()
        self.kind, self.dropout, self.mean, self.random = kind, dropout, mean, random
        widths = [features, *[hidden] * layers]
        self.updates = nn.ModuleList(
            _mlp([seen, width, width] if kind.startswith("gin") else [seen, width], generator)
            for seen, width in pairwise(widths)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(hidden) for _ in range(layers))
        self.heads = nn.ModuleList(_linear(width, classes, generator) for width in widths)
        self.eps = nn.Parameter(torch.zeros(layers)) if kind == "gin-eps" else None

    def forward(self, batch: Batch) -> Tensor:
        """Return the logits `[G, classes]` of a batch with `features`; raises ValueError for one node in training."""
        h: Tensor = batch.features  # type: ignore[assignment]
        neighbours, parts = Neighbours(batch.edge_index, len(h)), [h]
        for layer, (update, norm) in enumerate(zip(self.updates, self.norms, strict=True)):
            parts.append(h := F.relu(norm(update(self.neighbourhood(h, neighbours, layer)))))
        logits = torch.zeros((), device=h.device)
        for part, head in zip(parts, self.heads, strict=True):
            pooled = group_sum(part, batch.graphs)
            if self.mean:
                pooled = pooled / batch.graphs.sizes.clamp_min(1)[:, None]
            logits = logits + self.dropped(head(pooled))
        return logits

    def neighbourhood(self, h: Tensor, neighbours: Neighbours, layer: int) -> Tensor:
        """Return what a layer sees of each node and its neighbours, `[n, d]`."""
        if self.kind == "graphsage":
            source, target = neighbours.edge_index
            return h.scatter_reduce(0, target[:, None].expand(-1, h.shape[1]), h[source], "amax")
        total = neighbour_sum(h, neighbours)
        if self.kind == "gcn":
            return (total + h) / (torch.bincount(neighbours.edge_index[1], minlength=len(h)) + 1)[:, None]
        return total + h if self.eps is None else total + (1 + self.eps[layer]) * h

    def dropped(self, logits: Tensor) -> Tensor:
        """Return logits with some at 0 and the others larger by as much, in training."""
        if not self.training or not self.dropout:
            return logits
        drawn = torch.rand(logits.shape, generator=self.random, device=logits.device)
        return logits * (drawn < 1 - self.dropout).to(logits.dtype).div_(1 - self.dropout)


def _mlp(widths: list[int], generator: torch.Generator) -> nn.Sequential:
    """Return linear maps with batch normalisation and ReLU between them."""
    first, *rest = (_linear(seen, width, generator) for seen, width in pairwise(widths))
    between = ((nn.BatchNorm1d(each.in_features), nn.ReLU(), each) for each in rest)
    return nn.Sequential(first, *(module for modules in between for module in modules))


def _linear(seen: int, width: int, generator: torch.Generator) -> nn.Linear:
    made = nn.Linear(seen, width)
    for weight in (made.weight, made.bias):
        nn.init.uniform_(weight, -1 / sqrt(seen), 1 / sqrt(seen), generator=generator)
    return made
