"""GCS on molecules: first epochs contrast with dropped bonds, until the encoder has something to look at."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.method.base import Loss, Randomness, Training
from relamp.method.gcs import GCS, kept
from relamp.model.embeddings import Encoder

# Share of the epochs that warm up, and one by how many of the directed bonds are dropped in them.
WARM, PART = 0.1, 10


class MolecularGCS(GCS):
    """Atoms that a view drops keep their place without bonds, as hydrogen, the first of atom types, not chiral."""

    changes = ("warm",)
    warm = False

    def start_epoch(self, training: Training) -> None:
        """Note whether the epoch warms up."""
        self.warm = training.epoch / self.settings.epochs < WARM

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return the loss of GCS; in the warm-up NT-Xent between molecules and themselves with fewer bonds."""
        if not self.warm:
            return super().loss(encoder, head, batch, random)
        graph = self.contrast(encoder, head, batch, fewer_bonds(batch, random.torch))
        return Loss(graph, {"graph": graph})

    def view(self, batch: Batch, nodes: Tensor, edges: Tensor, chance: float, random: torch.Generator) -> Batch:
        """Return a view of some atoms `[n]` and bonds `[e]`, and of others by a chance."""
        drawn = kept(batch, nodes, edges, chance, random)
        if drawn.gate is None or drawn.message_weight is None:
            raise ValueError("a view has no atoms that stay")
        view = of_bonds(batch, drawn.message_weight > 0)
        return replace(view, x=torch.where(drawn.gate[:, None] > 0, batch.x, 0))


def fewer_bonds(batch: Batch, random: torch.Generator) -> Batch:
    """Return the batch without a tenth of all its directed bonds, drawn at random."""
    bonds = batch.edge_index.shape[1]
    order = torch.randperm(bonds, generator=random, device=random.device).to(batch.x.device)
    stays = torch.ones(bonds, dtype=torch.bool, device=batch.x.device)
    stays[order[: bonds // PART]] = False
    return of_bonds(batch, stays)


def of_bonds(batch: Batch, stays: Tensor) -> Batch:
    """Return the batch with some of its directed bonds `[e]`."""
    bonds = None if batch.edge_attr is None else batch.edge_attr[stays]
    return replace(batch, edge_index=batch.edge_index[:, stays], edge_attr=bonds)
