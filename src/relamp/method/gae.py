"""Graph autoencoders: a GCN whose inner products tell edges, plain or variational (Kipf and Welling 2016)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from relamp.data.nodes import PackedNodes
from relamp.data.packed import Integers
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

    @classmethod
    def of(cls, features: SparseRows, edges: Tensor, n: int) -> Self:
        """Return a graph of n nodes with edges `[2, E]`, on their device."""
        adjacency = SparseRows.of(normalised_adjacency(edges.cpu().numpy(), n)).to(edges.device)
        source, target = torch.cat([edges, torch.arange(n, device=edges.device).expand(2, -1)], dim=1)
        return cls(features, adjacency, Pairs(source, target, n))


class GAE(PublishedMethod):
    """GAE, or with `variational` VGAE; nodes are embedded by their means, on the edges that training sees."""

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
        features = SparseRows.of(self.inputs(data)).to(device)
        return Reconstructed.of(features, edges_of(data, device), data.num_nodes)

    def draw(self, data: PackedNodes, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder; and, in place of a head, what leaves out edges."""
        own = getattr(self.settings, self.group)
        widths = (data.num_features, own.first, self.settings.hidden)
        encoder = TwoLayers(*widths, 2 if self.variational else 1, generator)
        everything = own.edges == "all" or self.settings.inductive
        return encoder, nn.Identity() if everything else WithoutTestEdges(data.edge_index, generator)

    def loss(self, encoder: Any, head: Any, batch: NodeBatch, random: Randomness) -> Loss:
        """Return the cross-entropy of all entries of the adjacency, and VGAE's divergence from its prior."""
        graph = head(batch.graph)
        z, prior = self.codes(encoder, graph, random.torch)
        node = reconstruction(z, graph.pairs)
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
        graph = head(batch.graph)
        return {"average": encoder(graph.features, graph.adjacency)[0]}


class WithoutTestEdges(nn.Module):
    """Leaves out a tenth of a graph's edges and a twentieth, drawn once, as GAE does to predict them."""

    def __init__(self, edge_index: Integers, generator: torch.Generator) -> None:
        super().__init__()
        _, pair = np.unique(np.sort(edge_index, axis=0), axis=1, return_inverse=True)
        count = int(pair.max(initial=-1)) + 1
        kept = torch.ones(count, dtype=torch.bool)
        kept[torch.randperm(count, generator=generator)[: count // 10 + count // 20]] = False
        self.register_buffer("kept", kept[torch.from_numpy(pair.reshape(-1))])
        self.made: Reconstructed | None = None

    def forward(self, graph: Reconstructed) -> Reconstructed:
        """Return the graph without them; it is made once."""
        if self.made is None:
            n, edges = graph.pairs.n, torch.stack([graph.pairs.source, graph.pairs.target])
            self.made = Reconstructed.of(graph.features, edges[:, : edges.shape[1] - n][:, self.get_buffer("kept")], n)
        return self.made


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
