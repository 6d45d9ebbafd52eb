"""Atoms that are drawn in each molecule, to hide them or to look at what surrounds them (Hu et al. 2020)."""

import numpy as np
import torch
from torch import Tensor

from relamp.augment.view import choose
from relamp.data.batch import Batch
from relamp.method.base import Randomness
from relamp.model.embeddings import Encoder
from relamp.model.molecular_gin import MASK

# Atom types that are predicted: all but the mask.
TYPES = MASK


def masked(batch: Batch, encoder: Encoder, share: float, random: Randomness) -> tuple[Batch, Tensor]:
    """Return a batch in which `int(n share + 1)` atoms of each molecule of n are hidden, and which they are `[m]`."""
    count = (batch.graphs.sizes.cpu().numpy() * share + 1).astype(np.int64)
    drawn = choose(batch.graph.cpu().numpy(), count, random.numpy)
    atoms = torch.from_numpy(drawn).to(batch.x.device)
    hidden = torch.zeros_like(batch.graph, dtype=torch.bool).index_fill(0, atoms, True)
    return encoder.mask_nodes(batch, hidden, random.torch), atoms


def one_atom(batch: Batch, random: Randomness) -> Tensor:
    """Draw an atom of each molecule, `[G]`."""
    one = np.ones(batch.num_graphs, dtype=np.int64)
    return torch.from_numpy(choose(batch.graph.cpu().numpy(), one, random.numpy)).to(batch.x.device)
