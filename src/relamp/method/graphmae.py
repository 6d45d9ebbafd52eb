"""GraphMAE on molecules: a graph network decodes hidden atoms from what the others became (Hou et al. 2022)."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.kernels.prelu import PReLU
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.method.masked import TYPES, masked
from relamp.model.embeddings import Encoder, Messages
from relamp.model.gin import Initialisation, embedding, mlp
from relamp.model.molecular_gin import BOND_DIRECTIONS, BOND_TYPES, bond_counts
from relamp.settings.molecules import MolecularPretraining


class GraphMAE(GraphMethod):
    """Decode the types of hidden atoms by a convolution that sees nothing of these atoms but their places."""

    settings: MolecularPretraining
    terms = ("node",)

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder and the decoder."""
        encoder: Any = super().draw(data, generator)[0]
        return encoder, Decoder(encoder.dim, generator, self.settings.initialisation)

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return the scaled cosine error `(1 - cos)^exponent` of the types, averaged over the hidden atoms."""
        options = self.settings.graphmae
        shown, atoms = masked(batch, encoder, options.masked, random)
        decoded = F.normalize(head(encoder(shown).node("last"), shown, atoms), dim=1)
        # A type is a one-hot vector, whose cosine with another is that one's entry.
        cosine = decoded.gather(1, batch.x[atoms, :1])
        node = ((1 - cosine).clamp_min(0) ** options.exponent).mean()
        return Loss(node, {"node": node})


class Decoder(nn.Module):
    """PReLU, a linear map without bias, zeros in place of the hidden atoms, and one convolution with bonds."""

    def __init__(self, width: int, generator: torch.Generator, initialisation: Initialisation) -> None:
        super().__init__()
        self.act = PReLU()
        self.map = mlp([width, width], generator, initialisation, bias=False)
        self.bond_type = embedding(BOND_TYPES, width, generator)
        self.bond_direction = embedding(BOND_DIRECTIONS, width, generator)
        self.update = mlp([width, 2 * width, TYPES], generator, initialisation)

    def forward(self, h: Tensor, batch: Batch, atoms: Tensor) -> Tensor:
        """Return what some atoms `[m]`, which are hidden, are decoded to `[m, types]`, of all rows `[n, width]`."""
        z = self.map(self.act(h)).index_fill(0, atoms, 0)
        heard = Messages(batch).sum(z, batch.alike.apart[1])[atoms]
        bonds = torch.cat([self.bond_type, self.bond_direction])
        decoded: Tensor = self.update(torch.addmm(heard, bond_counts(batch)[atoms].to(z.dtype), bonds))
        return decoded
