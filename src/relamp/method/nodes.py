"""Base of the methods on nodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from relamp.data.nodes import PackedNodes, rows_scaled
from relamp.loss.info_nce import cross_info_nce, info_nce, n_pair
from relamp.method.base import Loss, Method
from relamp.mixing.base import Mixed
from relamp.mixing.similarity import mixing_mlp
from relamp.model.node_encoder import NodeEncoder, sparse_nodes
from relamp.settings.nodes import NodePretraining


@dataclass(frozen=True)
class NodeBatch:
    """A step's nodes: the graph as `prepare` returned it, and distinct nodes `[n]`, ascending; None is all."""

    graph: Any
    sample: Tensor | None = None


class NodeMethod(Method):
    """Trains a GCN of one layer; a batch is a `NodeBatch` of `relamp.model.node_encoder.SparseNodes`."""

    settings: NodePretraining

    def prepare(self, data: PackedNodes, device: torch.device) -> Any:
        """Return the graph as the encoder sees it."""
        return sparse_nodes(data, device, self.inputs(data))

    def inputs(self, data: PackedNodes) -> csr_matrix[np.float32]:
        """Return the features `[N, F]` as the settings want them."""
        x = data.features()
        return rows_scaled(x) if self.settings.features == "rows-scaled" else x

    def draw(self, data: PackedNodes, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return a GCN and the head g (M-Mix Eq. 9)."""
        hidden = self.settings.hidden
        return NodeEncoder(data.num_features, hidden, 1, generator), mixing_mlp(hidden, generator)

    def embed(self, encoder: Any, head: Any, batch: NodeBatch, random: torch.Generator) -> Mapping[str, Tensor]:
        """Return the embeddings of all nodes `[N, d]` by branch; one encoder's own are called "average"."""
        return {"average": encoder(encoder.project(batch.graph.features), batch.graph.edge_index)}

    def contrast(self, mixed: Mixed, other: Tensor) -> Loss:
        """Return M-Mix's objective (Eq. 10) between `g(z-hat)` and the other view's nodes, `[n, d]` each.

        i-mix has a loss of its own, in which labels are mixed as samples are.
        """
        settings = self.settings
        if mixed.label is not None:
            node = n_pair(mixed.z, other, mixed.label, settings.temperature)
        else:
            loss = cross_info_nce if settings.contrast == "across" else info_nce
            node = loss(mixed.z, other, settings.temperature, "both")
        total = node + settings.diversity * mixed.diversity
        return Loss(total, {"node": node, "diversity": mixed.diversity})
