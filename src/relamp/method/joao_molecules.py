"""JOAO and JOAOv2 on molecules: both views are augmented, by one of 25 pairs of augmentations (You et al. 2021)."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from relamp.augment.molecules import NAMES, molecular_view
from relamp.augment.view import Union
from relamp.data.batch import Batch
from relamp.data.packed import Integers, offsets
from relamp.loss.nt_xent import nt_xent
from relamp.method.augmented import SEARCHED
from relamp.method.base import Randomness
from relamp.method.joao import JOAO
from relamp.model.embeddings import Encoder

STRENGTH = 0.2
# A tenth of the molecules is seen by each pair in comparisons.
COMPARED = 10


class MolecularJOAO(JOAO):
    """Contrast two views of molecules, whose pair of augmentations is drawn for each by the probabilities.

    With several `heads` an epoch's two views have those of a pair that is drawn once an epoch. Pairs are compared by
    the heads of their own augmentations.
    """

    shares = False
    count: ClassVar[int] = len(NAMES) ** 2

    def contrast(
        self,
        encoder: Encoder,
        head: torch.nn.ModuleList,
        batch: Batch,
        random: Randomness,
        probability: NDArray[np.float64],
        number: int = 0,
    ) -> Tensor:
        """Return NT-Xent between both views, by probabilities `[25]`, through the heads of the pair of a number."""
        choice = random.numpy.choice(self.count, size=batch.num_graphs, p=probability)
        pairs = zip(divmod(choice, len(NAMES)), divmod(number, len(NAMES)), strict=True)
        one, two = (head[which](encoder(viewed(batch, each, random.numpy)).graph) for each, which in pairs)
        return nt_xent(one, two, self.settings.temperature, self.settings.directions)

    def compared(self, batches: list[Integers]) -> list[Integers]:
        """Return the batches of an epoch by which pairs are compared: the first tenth, and one more."""
        return batches[: sum(map(len, batches)) // (self.settings.batch_size * COMPARED) + 1]

    def head_of(self, number: int) -> int:
        """Return by which heads' number a pair is compared: by that of its augmentations, if they have heads."""
        return number if self.heads > 1 else 0


def viewed(batch: Batch, choice: Integers, rng: np.random.Generator) -> Batch:
    """Return a view of molecules, each by the augmentation of a number in `relamp.augment.molecules.NAMES`, `[G]`."""
    if batch.edge_attr is None:
        raise ValueError("molecules need edge_attr (bond type, bond direction)")
    device = batch.x.device
    edges, attributes, atoms = (each.cpu().numpy() for each in (batch.edge_index, batch.edge_attr, batch.x))
    union = Union.of(edges, offsets(batch.graphs.sizes.cpu().numpy()), STRENGTH)
    view = molecular_view(union, atoms, attributes, choice, rng)
    nodes, number_of = np.flatnonzero(view.keep), np.cumsum(view.keep) - 1
    parts = view.x[nodes], number_of[view.edge_index], view.edge_attr, union.graph[nodes]
    x, edge_index, edge_attr, graph = (torch.from_numpy(part).to(device) for part in parts)
    search = len(nodes) >= SEARCHED
    return replace(batch, x=x, edge_index=edge_index, edge_attr=edge_attr, graph=graph, search=search)
