"""Edge prediction: tell bonds from pairs of atoms without one (Hamilton et al. 2017; Hu et al. 2020)."""

import numpy as np
import torch
from torch import Tensor, nn

from relamp.augment.edge_perturbation import free_ends
from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs, offsets
from relamp.kernels.pairs import Pairs, pair_dot
from relamp.loss.told_apart import told_apart
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder


class EdgePred(GraphMethod):
    """Score pairs of atoms by their inner product: each bond once, and as many pairs of the same molecule without one.

    A molecule with fewer such pairs than bonds gives them all. There is no head.
    """

    terms = ("node",)

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder alone."""
        return super().draw(data, generator)[0], nn.Identity()

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return the cross-entropy of bonds plus that of other pairs, each averaged over the batch."""
        h = encoder(batch).node("last")
        pairs = (Pairs(low, high, len(h)) for low, high in (bonds(batch), others(batch, random.numpy)))
        true, false = (pair_dot(h, h, each) for each in pairs)
        node = told_apart(true, false)
        return Loss(node, {"node": node})


def bonds(batch: Batch) -> Tensor:
    """Return the ends of each bond, once, `[2, p]`."""
    source, target = batch.edge_index
    return batch.edge_index[:, source < target]


def others(batch: Batch, random: np.random.Generator) -> Tensor:
    """Draw as many pairs of each molecule as it has bonds, uniformly among those without one, `[2, m]`."""
    offset = offsets(batch.graphs.sizes.cpu().numpy())
    return torch.from_numpy(free_ends(bonds(batch).cpu().numpy(), offset, None, random)).to(batch.x.device)
