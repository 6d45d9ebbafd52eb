"""GALA: an autoencoder of features that smooths over the graph and sharpens what it decodes (Park et al. 2019)."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags_array, eye_array
from torch import Tensor, nn

from relamp.data.nodes import PackedNodes
from relamp.graph.diffusion import normalised_adjacency
from relamp.kernels.product import linear
from relamp.kernels.symmetric import symmetric
from relamp.method.as_published import ALL_NODES, PublishedMethod
from relamp.method.base import Loss, Randomness
from relamp.method.nodes import NodeBatch
from relamp.model.node_encoder import SparseRows


@dataclass(frozen=True)
class Sharpened:
    """A graph as GALA sees it: features `[N, F]`, sparse and dense, and both its operators `[N, N]`."""

    features: SparseRows
    wanted: Tensor
    smooth: SparseRows
    sharp: SparseRows


class GALA(PublishedMethod):
    """GALA, which reconstructs the features of all nodes through two layers and back, and embeds by the middle."""

    terms = ("node",)
    group = "gala"

    def published(self, dataset: str) -> Mapping[str, Any]:
        """Return the widths of GALA's paper for Cora, and the optimiser of its public code, which is for images."""
        return {
            **{"first": 400, "hidden": 100, "learning_rate": 1e-4, "weight_decay": 5e-4, "epochs": 10_000},
            **{"patience": None, "features": "as-in-file", "sample_size": ALL_NODES},
        }

    def prepare(self, data: PackedNodes, device: torch.device) -> Sharpened:
        """Return the graph with its features and operators."""
        x, edges = self.inputs(data), (data.edge_index, data.num_nodes)
        smooth, sharp = normalised_adjacency(*edges), sharpening(normalised_adjacency(*edges, self_loops=0))
        features, *operators = (SparseRows.of(matrix).to(device) for matrix in (x, smooth, sharp))
        return Sharpened(features, torch.from_numpy(x.toarray()).to(device), *operators)

    def draw(self, data: PackedNodes, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder's two weights and the decoder's."""
        widths = (data.num_features, self.settings.gala.first, self.settings.hidden)
        return _weights(*widths, generator=generator), _weights(*widths[::-1], generator=generator)

    def loss(self, encoder: Any, head: Any, batch: NodeBatch, random: Randomness) -> Loss:
        """Return half the squared error of a node's features, the mean over all nodes."""
        graph, z = batch.graph, self.encoded(encoder, batch.graph)
        for weight in head:
            z = symmetric(linear(z, weight.T), graph.sharp.times).relu()
        node = (z - graph.wanted).square().sum() / (2 * len(z))
        return Loss(node, {"node": node})

    def encoded(self, encoder: Any, graph: Sharpened) -> Tensor:
        """Return the middle layer `[N, hidden]`."""
        first, second = encoder
        z = symmetric(graph.features.times(first), graph.smooth.times).relu()
        return symmetric(linear(z, second.T), graph.smooth.times).relu()

    def embed(self, encoder: Any, head: Any, batch: NodeBatch, random: torch.Generator) -> Mapping[str, Tensor]:
        """Return the embeddings of all nodes `[N, hidden]`."""
        return {"average": self.encoded(encoder, batch.graph)}


def sharpening(adjacency: csr_matrix[np.float64]) -> csr_matrix[np.float64]:
    """Return `D^-1/2 (2 I - A) D^-1/2` `[N, N]` with the degrees `D` of `2 I + A`, of the signs A of a matrix."""
    signs = csr_matrix(adjacency.sign())
    half = diags_array((2 + np.asarray(signs.sum(axis=1)).reshape(-1)) ** -0.5)
    return csr_matrix(half @ (2 * eye_array(adjacency.shape[0]) - signs) @ half)


def _weights(*widths: int, generator: torch.Generator) -> nn.ParameterList:
    """Return a Xavier uniform weight from each width to the next."""
    drawn = (nn.init.xavier_uniform_(torch.empty(shape), generator=generator) for shape in pairwise(widths))
    return nn.ParameterList(map(nn.Parameter, drawn))
