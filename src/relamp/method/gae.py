"""Graph autoencoders: a GCN whose inner products tell edges, plain or variational (Kipf and Welling 2016)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from relamp.data.nodes import PackedNodes
from relamp.graph.diffusion import normalised_adjacency
from relamp.kernels.pairs import Pairs
from relamp.kernels.symmetric import symmetric
from relamp.loss.reconstruction import reconstruction
from relamp.method.as_published import ALL_NODES, PublishedMethod
from relamp.method.base import Loss, Randomness
from relamp.method.nodes import NodeBatch
from relamp.model.node_encoder import SparseRows, edges_of
from relamp.settings.nodes import NodePretraining


@dataclass(frozen=True)
class Reconstructed:
    """A graph as an autoencoder sees it: features `[N, F]`, normalised adjacency `[N, N]`, and edges with loops."""

    features: SparseRows
    adjacency: SparseRows
    pairs: Pairs


class GAE(PublishedMethod):
    """GAE, or with `variational` VGAE, on all edges of a graph; nodes are embedded by their means."""

    terms = ("node", "prior")
    group = "gae"

    def __init__(self, settings: NodePretraining, variational: bool = False) -> None:
        super().__init__(settings)
        self.variational = variational

    def published(self, dataset: str) -> Mapping[str, Any]:
        """Return what GAE's public code sets, on all data sets."""
        return {
            **{"first": 32, "hidden": 16, "learning_rate": 0.01, "weight_decay": 0.0, "epochs": 200, "patience": None},
            **{"features": "as-in-file", "sample_size": ALL_NODES},
        }

    def prepare(self, data: PackedNodes, device: torch.device) -> Reconstructed:
        """Return the graph with its operator and what is reconstructed."""
        adjacency = SparseRows.of(normalised_adjacency(data.edge_index, data.num_nodes)).to(device)
        loops = torch.arange(data.num_nodes, device=device).expand(2, -1)
        source, target = torch.cat([edges_of(data, device), loops], dim=1)
        return Reconstructed(
            SparseRows.of(self.inputs(data)).to(device), adjacency, Pairs(source, target, data.num_nodes)
        )

    def draw(self, data: PackedNodes, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder; there is no head."""
        widths = (data.num_features, getattr(self.settings, self.group).first, self.settings.hidden)
        return TwoLayers(*widths, 2 if self.variational else 1, generator), nn.Identity()

    def loss(self, encoder: Any, head: Any, batch: NodeBatch, random: Randomness) -> Loss:
        """Return the cross-entropy of all entries of the adjacency, and VGAE's divergence from its prior."""
        z, prior = self.codes(encoder, batch.graph, random.torch)
        node = reconstruction(z, batch.graph.pairs)
        return Loss(node + prior, {"node": node, "prior": prior})

    def codes(self, encoder: Any, graph: Reconstructed, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return the codes `[N, hidden]` that are decoded, and their divergence from N(0, 1) as the code weighs it."""
        mean, *rest = encoder(graph.features, graph.adjacency, self.noise(graph, random))
        if not rest:
            return mean, mean.new_zeros(())
        (log_std,) = rest
        noise = torch.randn(mean.shape, generator=random, device=random.device).to(mean)
        divergence = (mean.square() + (2 * log_std).exp() - 1 - 2 * log_std).sum(1).mean() / 2
        return mean + noise * log_std.exp(), divergence / len(mean)

    def noise(self, graph: Reconstructed, random: torch.Generator) -> Tensor | None:
        """Return what is added to the first layer's nodes in training, `[N, first]`, if anything is."""
        return None

    def embed(self, encoder: Any, head: Any, batch: NodeBatch, random: torch.Generator) -> Mapping[str, Tensor]:
        """Return the means of all nodes `[N, hidden]`."""
        return {"average": encoder(batch.graph.features, batch.graph.adjacency)[0]}


class TwoLayers(nn.Module):
    """A GCN of `S relu(S X W_0) W` without biases, with one W or several over one first layer."""

    def __init__(self, columns: int, first: int, hidden: int, outputs: int, generator: torch.Generator) -> None:
        super().__init__()
        shapes = [(columns, first), *[(first, hidden)] * outputs]
        drawn = (nn.init.xavier_uniform_(torch.empty(shape), generator=generator) for shape in shapes)
        self.weights = nn.ParameterList(map(nn.Parameter, drawn))

    def forward(self, features: SparseRows, adjacency: SparseRows, noise: Tensor | None = None) -> list[Tensor]:
        """Return `[N, hidden]` for each W, of the features `[N, columns]` and the operator S `[N, N]`.

        The noise `[N, first]` is added to what the first layer makes.
        """
        first, *others = self.weights
        hidden = symmetric(features.times(first), adjacency.times).relu()
        hidden = hidden if noise is None else hidden + noise.to(hidden)
        return [symmetric(hidden @ weight, adjacency.times) for weight in others]
