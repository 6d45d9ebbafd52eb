"""Views of one graph without some edges and feature columns, as GRACE and CCA-SSG draw them (Zhu et al. 2020)."""

import torch
from torch import Tensor

from relamp.model.node_encoder import SparseNodes


def drop_edges(graph: SparseNodes, rate: float, random: torch.Generator) -> Tensor:
    """Return the edge index `[2, e]` without a random share of the undirected edges, both directions at once."""
    kept = torch.rand(graph.num_pairs, generator=random, device=random.device) >= rate
    return graph.edge_index[:, kept.to(graph.pair.device)[graph.pair]]


def feature_mask(num_features: int, rate: float, random: torch.Generator, device: torch.device) -> Tensor:
    """Return ones with a random share of zeros, `[F]`: the columns that a view keeps."""
    kept = torch.rand(num_features, generator=random, device=random.device) >= rate
    return kept.to(device, torch.float32)
