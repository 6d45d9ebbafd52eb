"""The graph isomorphism network with bond embeddings of the transfer experiments, as pretrain-gnns sets it up."""

from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.kernels.normalise import normalise
from relamp.kernels.segments import neighbour_sum
from relamp.model.bond_messages import BondMessages
from relamp.model.embeddings import Embeddings, Encoder, Messages
from relamp.model.gin import GIN, Initialisation, count_incoming, embedding, mlp

ATOM_TYPES, CHIRALITIES = 120, 4  # 119 atom types and the mask
BOND_TYPES, BOND_DIRECTIONS = 6, 3  # four bond types, the self-loop and the mask
SELF_LOOP = 4
MASK = ATOM_TYPES - 1
_UNBONDED = "molecules need edge_attr (bond type, bond direction)"


class MolecularGIN(Encoder):
    """GIN with edge features (Hu et al. 2020): a message is `h_u + bond type + bond direction`, self-loops included.

    The last layer's nodes are averaged into the graph embedding; every layer but the last ends in ReLU, and dropout
    follows each.

    The papers have 5 layers of width 300. Dropout above 0 needs `noise`, source of its masks, on the model's device.
    With `messages` of "relu" a message is the ReLU of the same (AD-GCL, GCS).
    """

    def __init__(
        self,
        hidden: int,
        layers: int,
        generator: torch.Generator,
        dropout: float = 0.0,
        noise: torch.Generator | None = None,
        initialisation: Initialisation = "pytorch",
        messages: Literal["sum", "relu"] = "sum",
    ) -> None:
        super().__init__()
        self.dim, self.dropout, self.noise, self.messages = hidden, dropout, noise, messages
        self.atom_type = embedding(ATOM_TYPES, hidden, generator)
        self.chirality = embedding(CHIRALITIES, hidden, generator)
        self.bond_type = nn.ParameterList(embedding(BOND_TYPES, hidden, generator) for _ in range(layers))
        self.bond_direction = nn.ParameterList(embedding(BOND_DIRECTIONS, hidden, generator) for _ in range(layers))
        dims = [hidden, 2 * hidden, hidden]
        self.updates = nn.ModuleList(mlp(dims, generator, initialisation) for _ in range(layers))
        self.norms = nn.ModuleList(nn.BatchNorm1d(hidden) for _ in range(layers))

    def forward(self, batch: Batch) -> Embeddings:
        """Embed a batch of molecules: nodes `[n, hidden]` a layer, graphs `[G, hidden]`."""
        alike, messages, noisy = batch.alike, Messages(batch), self.training and self.dropout > 0
        bonded = self._bonded(batch, search=not noisy) if self.messages == "relu" else None
        kinds = batch.x[(alike.classes[0] if bonded is None else bonded.first).example]
        h = self.atom_type[kinds[:, 0]] + self.chirality[kinds[:, 1]]
        h = h if batch.gate is None else h * batch.gate[:, None]
        counts, tables = bond_counts(batch).to(h.dtype), zip(self.bond_type, self.bond_direction, strict=True)
        rows, found = [], []
        for i, (update, norm, bonds) in enumerate(zip(self.updates, self.norms, tables, strict=True)):
            if bonded is not None:
                layer = bonded.layer(i)
                classes, heard = layer.classes, layer.sum(h, (bonds[0][:, None] + bonds[1]).flatten(0, 1))
            else:
                # Dropout makes every node differ from all others.
                classes, links = alike.apart if noisy and i else alike.layer(i)
                # All messages of one bond type carry the same vector: counting them costs [n, 9], adding them [e, d].
                heard = torch.addmm(messages.sum(h, links), counts[classes.example], torch.cat(bonds))
            h = normalise(update(heard), norm, classes.size, relu=i + 1 < len(self.updates))
            if noisy:
                h = neighbour_sum(h, classes.spread) if i == 0 else h
                h = h * self._dropout(h)
                classes = alike.apart[0]
            rows.append(h)
            found.append(classes)
        graph = neighbour_sum(h, classes.of(batch.graphs)) / batch.graphs.sizes.clamp_min(1)[:, None]
        return Embeddings(tuple(rows), graph, tuple(found))

    def _bonded(self, batch: Batch, search: bool) -> BondMessages:
        if batch.edge_attr is None:
            raise ValueError(_UNBONDED)
        types, directions = batch.edge_attr.T
        kinds = BOND_TYPES * BOND_DIRECTIONS
        return BondMessages(batch, types * BOND_DIRECTIONS + directions, kinds, SELF_LOOP * BOND_DIRECTIONS, search)

    def _dropout(self, h: Tensor) -> Tensor:
        """Return a factor for each entry: 0 where it is dropped, else what keeps the mean."""
        # What `bernoulli_` draws, in a third of its time.
        drawn = torch.empty_like(h, dtype=torch.float64).uniform_(generator=self.noise)
        return (drawn < 1 - self.dropout).to(h.dtype).div_(1 - self.dropout)

    def mask_nodes(self, batch: Batch, hidden: Tensor, generator: torch.Generator) -> Batch:  # noqa: ARG002
        """Give the atoms in `hidden` the mask's atom type and no chirality."""
        return replace(batch, x=torch.where(hidden[:, None], batch.x.new_tensor([MASK, 0]), batch.x))


def bond_counts(batch: Batch) -> Tensor:
    """Return how many incoming bonds of each type and of each direction an atom has, `[n, types + directions]`.

    The self-loop (type SELF_LOOP, direction 0) counts as one bond of every atom.
    """
    if batch.edge_attr is None:
        raise ValueError(_UNBONDED)
    types = count_incoming(batch, batch.edge_attr[:, 0], BOND_TYPES)
    directions = count_incoming(batch, batch.edge_attr[:, 1], BOND_DIRECTIONS)
    types[:, SELF_LOOP] += 1
    directions[:, 0] += 1
    return torch.cat([types, directions], dim=1)


def build_encoder(
    data: PackedGraphs | PackedCorpus,
    hidden: int,
    layers: int,
    generator: torch.Generator,
    initialisation: Initialisation,
    **options: Any,
) -> Encoder:
    """Return a freshly drawn encoder: the molecular GIN where edges are bonds, with its options, else GraphCL's GIN."""
    if isinstance(data, PackedGraphs) and not data.has_bonds:
        kinds = data.shown_attributes, data.edge_cardinality
        return GIN(data.cardinality, hidden, layers, generator, *kinds, initialisation)
    return MolecularGIN(hidden, layers, generator, initialisation=initialisation, **options)
