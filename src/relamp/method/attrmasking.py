"""Attribute masking: say of which type hidden atoms are (Hu et al. 2020)."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.method.masked import TYPES, masked
from relamp.model.embeddings import Encoder
from relamp.model.gin import mlp
from relamp.settings.molecules import MolecularPretraining


class AttrMasking(GraphMethod):
    """Predict the types of hidden atoms by a linear layer; their chirality is hidden too and not predicted.

    The public code has an Adam for each module; with one learning rate they are one.
    """

    settings: MolecularPretraining
    terms = ("node",)

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder, and the layer that predicts."""
        encoder: Any = super().draw(data, generator)[0]
        return encoder, mlp([encoder.dim, TYPES], generator, self.settings.initialisation)

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return the cross-entropy of the types, averaged over the hidden atoms of a batch."""
        shown, atoms = masked(batch, encoder, self.settings.attrmasking.masked, random)
        node = F.cross_entropy(head(encoder(shown).node("last", atoms)), batch.x[atoms, 0])
        return Loss(node, {"node": node})
