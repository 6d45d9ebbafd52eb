"""The network by which RGCL scores the atoms of molecules (Li et al. 2022): GCN with bond embeddings."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.kernels.normalise import normalise
from relamp.kernels.pairs import Pairs, pair_sum, sum_by_target
from relamp.model.gin import embedding, mlp
from relamp.model.molecular_gin import ATOM_TYPES, BOND_DIRECTIONS, BOND_TYPES, CHIRALITIES, SELF_LOOP

# Widths of the layers behind the embedded atoms, in the public code.
WIDTHS = (128, 64, 32)


class AtomScores(nn.Module):
    """Gives each atom a score: layers of `(W h_u + bond) / sqrt(d_u d_v)`, summed over bonds and a self-loop.

    Batch normalisation follows each, and ReLU each but the last; then a linear layer. A degree counts bonds that leave
    an atom, its self-loop among them.
    """

    def __init__(self, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.atom_type = embedding(ATOM_TYPES, hidden, generator)
        self.chirality = embedding(CHIRALITIES, hidden, generator)
        ends = list(pairwise([hidden, *WIDTHS]))
        self.updates = nn.ModuleList(mlp(end, generator, "pytorch") for end in ends)
        self.bond_type = nn.ParameterList(embedding(BOND_TYPES, width, generator) for width in WIDTHS)
        self.bond_direction = nn.ParameterList(embedding(BOND_DIRECTIONS, width, generator) for width in WIDTHS)
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for width in WIDTHS)
        self.score = mlp([WIDTHS[-1], 1], generator, "pytorch")

    def forward(self, batch: Batch) -> Tensor:
        """Return the scores `[n, 1]`."""
        if batch.edge_attr is None:
            raise ValueError("molecules need edge_attr (bond type, bond direction)")
        n, h = len(batch.x), self.atom_type[batch.x[:, 0]] + self.chirality[batch.x[:, 1]]
        own = torch.arange(n, device=h.device)
        source, target = (torch.cat([end, own]) for end in batch.edge_index)
        degree = torch.bincount(source, minlength=n).to(h.dtype)
        weight, pairs = (degree[source] * degree[target]).rsqrt(), Pairs(source, target, n)
        # What bonds add is alike for all of one kind: their weights are added up, [n, 9].
        kinds = zip(batch.edge_attr.T, (BOND_TYPES, BOND_DIRECTIONS), (SELF_LOOP, 0), strict=True)
        places = [(target * size + torch.cat([kind, own.new_full((n,), loop)]), size) for kind, size, loop in kinds]
        bonds = torch.cat([sum_by_target(weight, place, n * size).view(n, size) for place, size in places], dim=1)
        tables = zip(self.bond_type, self.bond_direction, strict=True)
        for i, (update, norm, table) in enumerate(zip(self.updates, self.norms, tables, strict=True)):
            h = torch.addmm(pair_sum(weight, update(h), pairs), bonds, torch.cat(table))
            h = normalise(h, norm, torch.ones_like(own), relu=i + 1 < len(WIDTHS))
        scores: Tensor = self.score(h)
        return scores
