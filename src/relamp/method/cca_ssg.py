"""CCA-SSG: two views whose columns agree and are decorrelated, without negatives (Zhang et al. 2021)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from relamp.data.nodes import PackedNodes
from relamp.kernels.product import linear
from relamp.method.as_published import ALL_NODES, PublishedMethod
from relamp.method.base import Loss, Randomness
from relamp.method.node_views import drop_edges, feature_mask
from relamp.method.nodes import NodeBatch
from relamp.model.node_encoder import NodeEncoder

_ALWAYS: Mapping[str, Any] = {
    **{"hidden": 512, "learning_rate": 1e-3, "weight_decay": 0.0, "patience": None},
    **{"features": "rows-scaled", "sample_size": ALL_NODES},
}
# What its README sets by data set; Cora's is for all others.
OWN: Mapping[str, Mapping[str, Any]] = {
    "Cora": {"epochs": 50, "layers": 2, "decorrelation": 1e-3, "drop_edges": 0.4, "mask_features": 0.1},
    "Citeseer": {"epochs": 20, "layers": 1, "decorrelation": 5e-4, "drop_edges": 0.4, "mask_features": 0.0},
    "Pubmed": {"epochs": 100, "layers": 2, "decorrelation": 1e-3, "drop_edges": 0.5, "mask_features": 0.3},
}
_LEAST = 1e-12  # a variance: below it a column counts as constant, and becomes 0


class CcaSsg(PublishedMethod):
    """CCA-SSG: a GCN with ReLU between its layers sees both views, which drop edges and mask columns of features.

    The loss is `-tr(C) + w (|C_1 - I|^2 + |C_2 - I|^2)`, C between both views and C_1, C_2 within each the products
    `Z^T Z / N` of standardised columns; all nodes are seen in each step.
    """

    terms = ("invariance", "decorrelation")
    group = "cca_ssg"

    def published(self, dataset: str) -> Mapping[str, Any]:
        """Return what its README sets."""
        return {**_ALWAYS, **OWN.get(dataset, OWN["Cora"])}

    def draw(self, data: PackedNodes, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the GCN, whose last layer has no activation; there is no head."""
        layers = self.settings.cca_ssg.layers
        encoder = NodeEncoder(data.num_features, self.settings.hidden, layers, generator, relu=True)
        encoder.acts[-1] = nn.Identity()
        return encoder, nn.Identity()

    def loss(self, encoder: NodeEncoder, head: Any, batch: NodeBatch, random: Randomness) -> Loss:
        """Return the objective of two fresh views of all nodes; the part "decorrelation" has its weight."""
        graph, options, views = batch.graph, self.settings.cca_ssg, []
        for _ in range(2):
            edges = drop_edges(graph, options.drop_edges, random.torch)
            mask = feature_mask(len(encoder.first), options.mask_features, random.torch, edges.device)
            views.append(standardised(encoder(encoder.project(graph.features, mask), edges)))
        invariance = -(views[0] * views[1]).sum() / len(views[0])
        correlation = options.decorrelation * torch.stack([decorrelation(z) for z in views]).sum()
        return Loss(invariance + correlation, {"invariance": invariance, "decorrelation": correlation})


def standardised(z: Tensor) -> Tensor:
    """Return the columns of `[N, d]` with mean 0 and variance 1, estimated with N - 1; constant ones are 0."""
    centred = z - z.mean(0)
    variance = centred.square().sum(0) / max(len(z) - 1, 1)
    return centred * variance.clamp(min=_LEAST).rsqrt()


def decorrelation(z: Tensor) -> Tensor:
    """Return `|Z^T Z / N - I|^2` of standardised columns `[N, d]`."""
    columns = z.T.contiguous()
    within = linear(columns, columns) / len(z)
    return (within - torch.eye(len(within), dtype=z.dtype, device=z.device)).square().sum()
