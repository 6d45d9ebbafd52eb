"""Deep Graph Infomax: tell nodes of the graph from nodes of shuffled features by a summary (Velickovic et al. 2019)."""

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.nodes import PackedNodes
from relamp.graph.sparsified import sparse_diffusion
from relamp.method.as_published import ALL_NODES, PublishedMethod
from relamp.method.base import Loss, Randomness
from relamp.method.nodes import NodeBatch
from relamp.model.mvgrl import Operators
from relamp.model.node_encoder import NodeEncoder
from relamp.settings.nodes import NodePretraining

# What DGI's public code sets; its paper has embeddings of 256 on Pubmed.
PUBLISHED: Mapping[str, Any] = {
    **{"hidden": 512, "learning_rate": 1e-3, "weight_decay": 0.0, "epochs": 10_000, "patience": 20},
    **{"features": "rows-scaled", "sample_size": ALL_NODES},
}


class DGI(PublishedMethod):
    """DGI on the normalised adjacency, or on the diffusion in its place, as M-Mix's Table 2 has it once more (X, D)."""

    terms = ("node",)
    group = "dgi"

    def __init__(self, settings: NodePretraining, operator: Literal["adjacency", "diffusion"] = "adjacency") -> None:
        super().__init__(settings)
        self.operator: Literal["adjacency", "diffusion"] = operator

    def published(self, dataset: str) -> Mapping[str, Any]:
        """Return what DGI's public code sets."""
        return {**PUBLISHED, "hidden": 256} if dataset == "Pubmed" else PUBLISHED

    def prepare(self, data: PackedNodes, device: torch.device) -> Any:
        """Return the graph as `SparseNodes`, or its features and diffusion as `Operators`."""
        if self.operator == "adjacency":
            return super().prepare(data, device)
        options = self.settings.dgi.diffusion
        return Operators.of(data.edge_index, self.inputs(data), options, device, sparse_diffusion(data, options))

    def draw(self, data: PackedNodes, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return a GCN of one layer and the discriminator."""
        encoder = NodeEncoder(data.num_features, self.settings.hidden, 1, generator)
        return encoder, Discriminator(self.settings.hidden, generator)

    def loss(self, encoder: NodeEncoder, head: Any, batch: NodeBatch, random: Randomness) -> Loss:
        """Return the cross-entropy of all nodes against those of freshly shuffled features, on the same graph."""
        graph, projected = batch.graph, encoder.project(batch.graph.features)
        order = torch.randperm(len(projected), generator=random.torch, device=random.torch.device)
        true = self.encoded(encoder, graph, projected)
        false = self.encoded(encoder, graph, projected[order.to(projected.device)])
        total = head(true, false, self.summaries(encoder, head, graph, projected, true))
        return Loss(total, {"node": total})

    def summaries(self, encoder: NodeEncoder, head: Any, graph: Any, projected: Tensor, true: Tensor) -> Tensor:
        """Return what nodes are compared with, `[S, hidden]`, of `X W` and the nodes `[N, hidden]`: their own mean."""
        return torch.sigmoid(true.mean(0, keepdim=True))

    def encoded(self, encoder: NodeEncoder, graph: Any, projected: Tensor) -> Tensor:
        """Return the nodes `[N, hidden]` of `X W`."""
        plain = self.operator == "adjacency"
        z: Tensor = (
            encoder(projected, graph.edge_index) if plain else encoder.acts[0](graph.b(projected) + encoder.bias[0])
        )
        return z

    def embed(self, encoder: Any, head: Any, batch: NodeBatch, random: torch.Generator) -> Mapping[str, Tensor]:
        """Return the embeddings of all nodes `[N, hidden]`."""
        return {"average": self.encoded(encoder, batch.graph, encoder.project(batch.graph.features))}


class Discriminator(nn.Module):
    """Bilinear scores `h W c + b` of nodes h by summaries c, those of several summaries added up."""

    def __init__(self, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        # Xavier's bound of torch's bilinear layer, whose weight has three axes: smaller than that of a matrix.
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(1, hidden, hidden), generator=generator))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, true: Tensor, false: Tensor, summaries: Tensor) -> Tensor:
        """Return the cross-entropy of nodes `[N, hidden]` of the graph against others, by summaries `[S, hidden]`."""
        toward, shift = self.weight[0] @ summaries.sum(0), len(summaries) * self.bias
        return (F.softplus(-(true @ toward + shift)).mean() + F.softplus(false @ toward + shift).mean()) / 2
