"""The molecular GIN by torch_geometric, and graphs by loops."""

import torch
from torch import Tensor
from torch.nn import functional as F
from torch_geometric.nn import MessagePassing

from relamp.data.batch import Batch
from relamp.model.molecular_gin import SELF_LOOP, MolecularGIN


class OneByOne(MessagePassing):
    """A message is the sum of the sender and the bond, perhaps its ReLU, by its weight; self-loops are of weight 1."""

    def __init__(self, relu: bool) -> None:
        super().__init__(aggr="add")
        self.relu = relu

    def forward(self, x: Tensor, edge_index: Tensor, bond: Tensor, weight: Tensor) -> Tensor:
        return self.propagate(edge_index, x=x, bond=bond, weight=weight)

    def message(self, x_j: Tensor, bond: Tensor, weight: Tensor) -> Tensor:
        return (F.relu(x_j + bond) if self.relu else x_j + bond) * weight[:, None]


def nodes_of(encoder: MolecularGIN, batch: Batch) -> Tensor:
    """What `MolecularGIN` returns of nodes after its last layer, by torch_geometric."""
    loops = torch.arange(len(batch.x))
    edges = torch.cat([batch.edge_index, loops.expand(2, -1)], dim=1)
    attributes = torch.cat([batch.edge_attr, torch.tensor([SELF_LOOP, 0]).expand(len(loops), -1)])
    weight = torch.ones(batch.edge_index.shape[1]) if batch.message_weight is None else batch.message_weight
    h = encoder.atom_type[batch.x[:, 0]] + encoder.chirality[batch.x[:, 1]]
    h = h if batch.gate is None else h * batch.gate[:, None]
    for i, (update, norm) in enumerate(zip(encoder.updates, encoder.norms, strict=True)):
        bond = encoder.bond_type[i][attributes[:, 0]] + encoder.bond_direction[i][attributes[:, 1]]
        weights = torch.cat([weight, torch.ones(len(loops))]).to(h.dtype)
        h = update(OneByOne(encoder.messages == "relu")(h, edges, bond, weights))
        # Running statistics stay, which a second pass through the same graph would move.
        h = F.batch_norm(h, None, None, norm.weight, norm.bias, True) if norm.training else norm(h)
        h = h if i + 1 == len(encoder.updates) else F.relu(h)
    return h


def molecules_of(encoder: MolecularGIN, batch: Batch) -> Tensor:
    """The means of molecules' last nodes."""
    h = nodes_of(encoder, batch)
    return torch.stack([h[batch.graph == g].mean(0) for g in range(batch.num_graphs)])


def one_way(z: Tensor, other: Tensor, temperature: float) -> Tensor:
    """NT-Xent of one direction, pair by pair, the positive left out below."""
    terms = []
    for i, row in enumerate(z):
        scores = torch.stack([torch.cosine_similarity(row, each, dim=0) / temperature for each in other])
        terms.append(torch.logsumexp(scores[torch.arange(len(z)) != i], 0) - scores[i])
    return torch.stack(terms).mean()
