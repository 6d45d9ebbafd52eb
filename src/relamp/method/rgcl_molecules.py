"""RGCL on molecules: another estimator, views without the atoms that go, and two logarithms (Li et al. 2022)."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.loss.nt_xent import nt_xent, units
from relamp.method.graphs import GraphMethod
from relamp.method.rgcl import COMPLEMENT, RGCL, drawn
from relamp.model.rationale import AtomScores

# Share of the atoms that go, cut off.
DROPPED = 0.2


class MolecularRGCL(RGCL):
    """The projection head stays as it was drawn: the public code gives it to no optimiser."""

    shares = False
    cooling: ClassVar[float] = 1.0

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder; and the head, which is not trained, and the estimator."""
        encoder, head = GraphMethod.draw(self, data, generator)
        head.requires_grad_(False)
        parts: Any = {"projection": head, "estimator": AtomScores(self.settings.hidden, generator)}
        return encoder, nn.ModuleDict(parts)

    def noted(self, chance: Tensor) -> Tensor:
        """Return the probabilities `[n]` as they are kept for an epoch, in half precision."""
        return chance.half()

    def view(self, batch: Batch, weight: NDArray[np.float64], random: np.random.Generator) -> Batch:
        """Return a view of the atoms that stay, `n - int(n / 5)` of each molecule, drawn by their weights `[n]`."""
        size = batch.graphs.sizes.cpu().numpy()
        return of_atoms(batch, drawn(batch, weight, size - (size * DROPPED).astype(np.int64), random))

    def contrast(self, z: Tensor, rationale: Tensor, complement: Tensor) -> Tensor:
        """Return NT-Xent with the rationale, and a tenth of the contrast of both, of projected molecules `[G, d]`."""
        settings = self.settings
        near = nt_xent(z, rationale, settings.temperature, settings.directions)
        return near + COMPLEMENT * complement_loss(z, rationale, complement, settings.temperature)


def complement_loss(z: Tensor, rationale: Tensor, complement: Tensor, temperature: float) -> Tensor:
    """Return the mean of `-log(s_ii / (s_ii + sum_j c_ij))`, of projections `[G, d]`, as in `rationale_loss`."""
    graphs, rationale = units(z, rationale, temperature)
    _, complement = units(z, complement, temperature)
    own = (graphs * rationale).sum(1) / temperature
    far = graphs @ complement.T / temperature
    return (torch.cat([far, own[:, None]], dim=1).logsumexp(1) - own).mean()


def of_atoms(batch: Batch, stays: Tensor) -> Batch:
    """Return the batch of some atoms `[n]` and the bonds between them."""
    source, target = batch.edge_index
    between, number_of = stays[source] & stays[target], stays.cumsum(0) - 1
    return replace(
        batch,
        x=batch.x[stays],
        graph=batch.graph[stays],
        edge_index=number_of[batch.edge_index[:, between]],
        edge_attr=None if batch.edge_attr is None else batch.edge_attr[between],
    )
