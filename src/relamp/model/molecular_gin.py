"""The graph isomorphism network with bond embeddings of the transfer experiments, as pretrain-gnns sets it up."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.kernels.segments import neighbour_sum
from relamp.model.embeddings import Embeddings, Encoder, mean_pool
from relamp.model.gin import GIN, count_incoming, embedding, mlp

ATOM_TYPES, CHIRALITIES = 120, 4  # 119 atom types and the mask
BOND_TYPES, BOND_DIRECTIONS = 6, 3  # four bond types, the self-loop and the mask
SELF_LOOP = 4
MASK = ATOM_TYPES - 1


class MolecularGIN(Encoder):
    """GIN with edge features (Hu et al. 2020): a message is `h_u + bond type + bond direction`, self-loops included.

    The last layer's nodes are averaged into the graph embedding; every layer but the last ends in ReLU, and dropout
    follows each.

    The papers have 5 layers of width 300. Dropout above 0 needs `noise`, source of its masks, on the model's device.
    """

    def __init__(
        self,
        hidden: int,
        layers: int,
        generator: torch.Generator,
        dropout: float = 0.0,
        noise: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.dim, self.dropout, self.noise = hidden, dropout, noise
        self.atom_type = embedding(ATOM_TYPES, hidden, generator)
        self.chirality = embedding(CHIRALITIES, hidden, generator)
        self.bond_type = nn.ParameterList(embedding(BOND_TYPES, hidden, generator) for _ in range(layers))
        self.bond_direction = nn.ParameterList(embedding(BOND_DIRECTIONS, hidden, generator) for _ in range(layers))
        self.updates = nn.ModuleList(mlp([hidden, 2 * hidden, hidden], generator) for _ in range(layers))
        self.norms = nn.ModuleList(nn.BatchNorm1d(hidden) for _ in range(layers))

    def forward(self, batch: Batch) -> Embeddings:
        """Embed a batch of molecules: nodes `[n, hidden]` a layer, graphs `[G, hidden]`."""
        h = self.atom_type[batch.x[:, 0]] + self.chirality[batch.x[:, 1]]
        types, directions = (count.to(h.dtype) for count in bond_counts(batch))
        layers = []
        for i, (update, norm) in enumerate(zip(self.updates, self.norms, strict=True)):
            # Every message of one bond type carries the same vector: counting them costs [n, 9], adding them [e, d].
            bonds = types @ self.bond_type[i] + directions @ self.bond_direction[i]
            h = norm(update(h + bonds + neighbour_sum(h, batch.neighbours)))
            if i + 1 < len(self.updates):
                h = F.relu(h)
            if self.training and self.dropout:
                h = h * torch.empty_like(h).bernoulli_(1 - self.dropout, generator=self.noise) / (1 - self.dropout)
            layers.append(h)
        return Embeddings(tuple(layers), mean_pool(h, batch))

    def mask_nodes(self, batch: Batch, hidden: Tensor, generator: torch.Generator) -> Batch:  # noqa: ARG002
        """Give the atoms in `hidden` the mask's atom type and no chirality."""
        return replace(batch, x=torch.where(hidden[:, None], batch.x.new_tensor([MASK, 0]), batch.x))


def bond_counts(batch: Batch) -> tuple[Tensor, Tensor]:
    """Return how many incoming bonds of each type `[n, BOND_TYPES]` and direction `[n, BOND_DIRECTIONS]` an atom has.

    The self-loop (type SELF_LOOP, direction 0) counts as one bond of every atom.
    """
    if batch.edge_attr is None:
        raise ValueError("molecules need edge_attr (bond type, bond direction)")
    types = count_incoming(batch, batch.edge_attr[:, 0], BOND_TYPES)
    directions = count_incoming(batch, batch.edge_attr[:, 1], BOND_DIRECTIONS)
    types[:, SELF_LOOP] += 1
    directions[:, 0] += 1
    return types, directions


def build_encoder(
    data: PackedGraphs | PackedCorpus, hidden: int, layers: int, generator: torch.Generator, **dropout: Any
) -> Encoder:
    """Return a freshly drawn encoder: the molecular GIN where edges are bonds, else GraphCL's GIN."""
    if isinstance(data, PackedGraphs) and not data.has_bonds:
        return GIN(data.cardinality, hidden, layers, generator, data.shown_attributes, data.edge_cardinality)
    return MolecularGIN(hidden, layers, generator, **dropout)
