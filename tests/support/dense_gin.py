"""A GIN of double precision by dense matrices and torch's own batch normalisation, and NT-Xent pair by pair."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from relamp.data.batch import Batch


def layers_of(encoder: Any, batch: Batch, weight: Tensor, gate: Tensor | None = None) -> list[Tensor]:
    """The nodes of a batch with `features` after each layer, edges and first features multiplied by factors."""
    matrix = torch.zeros(len(batch.x), len(batch.x), dtype=torch.float64)
    matrix = matrix.index_put((batch.edge_index[1], batch.edge_index[0]), weight)
    assert batch.features is not None
    h, found = batch.features if gate is None else batch.features * gate[:, None], []
    for update, norm in zip(encoder.updates, encoder.norms, strict=True):
        h = torch.relu(update(h + matrix @ h))
        running = norm.running_mean.clone(), norm.running_var.clone()
        h = F.batch_norm(h, *running, norm.weight, norm.bias, norm.training)
        found.append(h)
    return found


def graphs_of(layers: list[Tensor], batch: Batch) -> Tensor:
    """The sums of all layers side by side."""
    h = torch.cat(layers, dim=1)
    return torch.stack([h[batch.graph == g].sum(0) for g in range(batch.num_graphs)])


def pair_by_pair(z: Tensor, other: Tensor, temperature: float) -> Tensor:
    """NT-Xent of both directions, the positive left out below."""
    terms = []
    for one, two in ((z, other), (other, z)):
        for i in range(len(one)):
            scores = torch.stack([torch.cosine_similarity(one[i], row, dim=0) / temperature for row in two])
            terms.append(torch.logsumexp(scores[torch.arange(len(one)) != i], 0) - scores[i])
    return torch.stack(terms).mean()
