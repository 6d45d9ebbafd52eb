"""InfoGraph: tell which nodes are whose graph's (Sun et al. 2020)."""

from typing import Any

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.loss.local_global import local_global
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder
from relamp.model.gin import GIN, Initialisation, mlp


class InfoGraph(GraphMethod):
    """Maximise the Jensen-Shannon estimate of what nodes and graphs say of each other, without a prior.

    A node is what is summed into its graph: all its layers side by side, of molecules the last one.
    """

    shares = True

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder, and a network for nodes and one for graphs."""
        encoder: Any = super().draw(data, generator)[0]
        networks = (Network(encoder.dim, generator, self.settings.initialisation) for _ in range(2))
        return encoder, nn.ModuleList(networks)

    def loss(self, encoder: Encoder, head: nn.ModuleList, batch: Batch, random: Randomness) -> Loss:
        """Return the negated estimate: a node's positive is its own graph, its negatives are the batch's others."""
        (nodes, graphs), embedded = head, encoder(batch)
        rows = embedded.node("concat" if isinstance(encoder, GIN) else "last")
        local = local_global(nodes(rows), graphs(embedded.graph), batch.graph)
        return Loss(local, {"local": local})


class Network(nn.Module):
    """Three times Linear-ReLU of constant width, plus a linear shortcut, as InfoGraph's public code has it."""

    def __init__(self, width: int, generator: torch.Generator, initialisation: Initialisation) -> None:
        super().__init__()
        self.block = nn.Sequential(mlp([width] * 4, generator, initialisation), nn.ReLU())
        self.shortcut = mlp([width] * 2, generator, initialisation)

    def forward(self, h: Tensor) -> Tensor:
        """Map rows `[n, width]`."""
        mapped: Tensor = self.block(h) + self.shortcut(h)
        return mapped
