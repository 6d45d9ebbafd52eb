"""The molecular encoder of double precision by torch_geometric's messages, self-loops as edges of their own."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch_geometric.nn import MessagePassing

from molecule_graphs import random_molecules
from relamp.data.batch import Batch
from relamp.data.packed import PackedGraphs
from relamp.train.graphs import GraphTrainer
from training import CLASSES, make

SELF_LOOP = 4


class Sum(MessagePassing):
    """A message is the neighbour's row and that of the bond."""

    def __init__(self) -> None:
        super().__init__(aggr="add")

    def forward(self, h: Tensor, edge_index: Tensor, bond: Tensor) -> Tensor:
        return self.propagate(edge_index, h=h, bond=bond)

    def message(self, h_j: Tensor, bond: Tensor) -> Tensor:
        return h_j + bond


def convolved(h: Tensor, batch: Batch, bond_type: Tensor, bond_direction: Tensor) -> Tensor:
    """Sums of messages of all nodes `[n, d]`, of their own too."""
    own = torch.arange(len(h))
    kinds = torch.cat([batch.edge_attr, torch.tensor([[SELF_LOOP, 0]]).expand(len(h), -1)])
    edges = torch.cat([batch.edge_index, own.expand(2, -1)], dim=1)
    return Sum()(h, edges, bond_type[kinds[:, 0]] + bond_direction[kinds[:, 1]])


def last_layer(encoder: Any, x: Tensor, batch: Batch) -> Tensor:
    """The atoms after the last layer, of types and chiralities x `[n, 2]`, in training mode."""
    h = encoder.atom_type[x[:, 0]] + encoder.chirality[x[:, 1]]
    layers = list(zip(encoder.bond_type, encoder.bond_direction, encoder.updates, encoder.norms, strict=True))
    for i, (kind, direction, update, norm) in enumerate(layers):
        h = update(convolved(h, batch, kind, direction))
        h = F.batch_norm(h, None, None, norm.weight, norm.bias, training=True)
        h = h if i + 1 == len(layers) else F.relu(h)
    return h


def drawn(name: str, data: PackedGraphs | None = None, **options: Any) -> tuple[GraphTrainer, Batch, list[Tensor]]:
    """A training in double precision, a batch of all its molecules, and the weights of encoder and head."""
    data = random_molecules(5, 8, 9) if data is None else data
    trainer = trainer_of(name, data, **{"hidden": 6, "layers": 2, **options})
    for module in (trainer.encoder, trainer.head):
        module.double().train()
        with torch.no_grad():
            for weight in module.parameters():
                weight.add_(0.05 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(9)))
    return trainer, trainer.batch(np.arange(len(data))), [*trainer.encoder.parameters(), *trainer.head.parameters()]


def trainer_of(name: str, data: PackedGraphs, **options: Any) -> GraphTrainer:
    return GraphTrainer(data, make("molecules", name, CLASSES["molecules"].model_validate(options)), 0)


def losses_of(name: str, data: PackedGraphs, **options: Any) -> list[float]:
    """The losses of thirty epochs."""
    usual = {"hidden": 16, "layers": 2, "batch_size": 20, "shuffle": "epoch", "epochs": 30, "checkpoints": (0,)}
    return [row["loss"] for row in trainer_of(name, data, **usual, **options).run().history]
