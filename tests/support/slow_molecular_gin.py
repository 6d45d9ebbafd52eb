"""The encoder of molecules, written out: message by message, batch normalisation by PyTorch's own modules."""

import torch
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.model.molecular_gin import SELF_LOOP, MolecularGIN


def slow(encoder: MolecularGIN, batch: Batch) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Messages one by one, self-loops as edges of their own."""
    n = len(batch.x)
    h = torch.stack([encoder.atom_type[a] + encoder.chirality[c] for a, c in batch.x.tolist()])
    edges = [
        *zip(*batch.edge_index.tolist(), *batch.edge_attr.T.tolist(), strict=True),
        *((v, v, SELF_LOOP, 0) for v in range(n)),
    ]
    layers = []
    for i, (update, norm) in enumerate(zip(encoder.updates, encoder.norms, strict=True)):
        total = [torch.zeros(encoder.dim) for _ in range(n)]
        for u, v, kind, direction in edges:
            total[v] = total[v] + h[u] + encoder.bond_type[i][kind] + encoder.bond_direction[i][direction]
        h = norm(update(torch.stack(total)))
        h = h if i + 1 == len(encoder.updates) else F.relu(h)
        layers.append(h)
    return layers, torch.stack([h[batch.graph == graph].mean(0) for graph in range(batch.num_graphs)])
