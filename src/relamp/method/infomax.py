"""Deep Graph Infomax on molecules: tell atoms of a molecule from those of another by its summary (Hu et al. 2020)."""

from math import sqrt
from typing import Any

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.loss.told_apart import told_apart
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder


class Infomax(GraphMethod):
    """Tell each atom's own summary from that of the next molecule of the batch; the last one's next is the first."""

    terms = ("node",)

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder and the discriminator."""
        encoder: Any = super().draw(data, generator)[0]
        return encoder, Discriminator(encoder.dim, generator)

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return the cross-entropy of all atoms of a batch with both summaries, which are `sigmoid(mean of atoms)`."""
        embedded = encoder(batch)
        toward, nodes = head(torch.sigmoid(embedded.graph)), embedded.node("last")
        true, false = ((nodes * each[batch.graph]).sum(1) for each in (toward, toward.roll(-1, 0)))
        node = told_apart(true, false)
        return Loss(node, {"node": node})


class Discriminator(nn.Module):
    """The matrix W of `h W s`, its entries from U(-1 / sqrt(width), 1 / sqrt(width))."""

    def __init__(self, width: int, generator: torch.Generator) -> None:
        super().__init__()
        bound = 1 / sqrt(width)
        self.weight = nn.Parameter(torch.empty(width, width).uniform_(-bound, bound, generator=generator))

    def forward(self, summaries: Tensor) -> Tensor:
        """Return `W s` of summaries `[G, width]`."""
        return summaries @ self.weight.T
