"""MVGRL for nodes: one branch on the normalised adjacency, one on the diffusion (Hassani and Khasahmadi 2020)."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn

from relamp.data.nodes import PackedNodes
from relamp.graph.diffusion import diffuse, normalised_adjacency
from relamp.mixing.similarity import make_mixer, mixing_mlp
from relamp.model.mvgrl_own import LocalGlobal, Operators
from relamp.model.node_views import Views, edges_of, mix_sample, mixing_rows, taken
from relamp.settings.nodes import Branch, DiffusionSettings, NodePretraining


@dataclass(frozen=True)
class DiffusedNodes:
    """A graph as MVGRL sees it: both branches' operators are already applied to the features.

    Attributes:
        a, b: `S X` with the normalised adjacency and with the diffusion, `[N, F]`.
        edge_index: `[2, E]`.
        operators: for MVGRL's own objective, else None.
    """

    a: Tensor
    b: Tensor
    edge_index: Tensor
    operators: Operators | None = None


def diffused_nodes(
    data: PackedNodes, settings: DiffusionSettings, device: torch.device, *, own: bool = False
) -> DiffusedNodes:
    """Apply both operators to the features once: a layer is `PReLU(S X W + b)`, and `S X` knows no weights.

    Both are dense, `[N, F]`; no matrix of N x N is ever made. The error of b is `settings.tolerance`. With `own`, what
    MVGRL's own objective needs comes with them.
    """
    adjacency = normalised_adjacency(data.edge_index, data.num_nodes)
    x = data.features()
    product: csr_matrix[np.float64] = csr_matrix(adjacency @ x)
    a = torch.from_numpy(product.toarray().astype(np.float32))
    b = torch.from_numpy(diffuse(adjacency, x, settings.kind, settings.alpha, settings.time, settings.tolerance))
    operators = Operators.of(data, settings, device) if own else None
    return DiffusedNodes(a.to(device), b.to(device), edges_of(data, device), operators)


class BranchLayer(nn.Module):
    """One GCN layer on features that its operator was already applied to: `PReLU(S X W + b)`."""

    def __init__(self, num_features: int, hidden: int, generator: torch.Generator) -> None:
        """Draw Xavier uniform weights; the bias is 0."""
        super().__init__()
        self.linear = nn.Linear(num_features, hidden)
        nn.init.xavier_uniform_(self.linear.weight, generator=generator)
        nn.init.zeros_(self.linear.bias)
        self.act = nn.PReLU()

    def forward(self, diffused: Tensor) -> Tensor:
        """Return z `[n, hidden]` of `S X` `[n, F]`."""
        z: Tensor = self.act(self.linear(diffused))
        return z


class MVGRL(nn.Module):
    """MVGRL with M-Mix in branch a (Section 3.3, Fig. 1); without a mixer, the host with the same head and objective.

    Args:
        num_features: F.
        settings: mixer, width, and which embeddings are wanted.
        generator: source of the initial weights, in an order that makes methods start from the same branches.
    """

    def __init__(self, num_features: int, settings: NodePretraining, generator: torch.Generator) -> None:
        """Draw the initial weights."""
        super().__init__()
        self.settings = settings
        self.a, self.b = (BranchLayer(num_features, settings.hidden, generator) for _ in range(2))
        self.head = mixing_mlp(settings.hidden, generator)
        self.mixer = make_mixer(settings.mixer, settings.hidden, settings.mix, generator)
        self.own = LocalGlobal(settings.hidden, generator) if settings.objective == "local-global" else None

    def views(self, graph: DiffusedNodes, sample: Tensor | None, random: torch.Generator) -> Views:
        """Return `g(z-hat)` of branch a and z of branch b, of the nodes in `sample` `[n]` or of all."""
        rows, edges = mixing_rows(self.settings, graph.edge_index, sample, len(graph.a))
        inputs = taken(graph.a, rows)
        if self.settings.mixer == "i-mix":
            # i-mix mixes inputs, and the layer is linear up to its activation: mixing there is the same and cheaper.
            before, diversity, label = mix_sample(self.mixer, self.a.linear(inputs), rows, edges, sample, random)
            mixed = self.a.act(before)
        else:
            mixed, diversity, label = mix_sample(self.mixer, self.a(inputs), rows, edges, sample, random)
        return Views(self.head(mixed), self.b(taken(graph.b, sample)), diversity, label)

    def local_global(self, graph: DiffusedNodes, sample: Tensor | None, random: torch.Generator) -> Tensor:
        """Return MVGRL's own objective of the nodes in `sample` `[n]`, or of all, with freshly shuffled features."""
        operators, own = graph.operators, self.own
        assert operators is not None  # both come with the objective
        assert own is not None
        order = torch.randperm(len(graph.a), generator=random, device=random.device).to(graph.a.device)
        false = [
            layer.act(apply(operators.features.times(layer.linear.weight.T)[order]) + layer.linear.bias)
            for layer, apply in ((self.a, operators.a), (self.b, operators.b))
        ]
        true = [layer(taken(x, sample)) for layer, x in ((self.a, graph.a), (self.b, graph.b))]
        loss: Tensor = own(*true, *(taken(z, sample) for z in false))
        return loss

    def embed(self, graph: DiffusedNodes, random: torch.Generator) -> dict[Branch, Tensor]:
        """Return the embeddings of all nodes `[N, hidden]` (concat: `[N, 2 hidden]`) for each wanted branch."""
        a = self.a(graph.a) if self.settings.readout == "encoder" else self.head(self._mixed(graph, random))
        b = self.b(graph.b)
        made: dict[Branch, Tensor] = {"a": a, "b": b, "average": (a + b) / 2}
        if "concat" in self.settings.branches:
            made["concat"] = torch.cat([a, b], dim=1)
        return {branch: made[branch] for branch in self.settings.branches}

    def _mixed(self, graph: DiffusedNodes, random: torch.Generator) -> Tensor:
        """Return z-hat of all nodes; i-mix, which has no mixture of its own for a node, leaves them as they are."""
        z: Tensor = self.a(graph.a)
        if self.settings.mixer == "i-mix":
            return z
        _, edges = mixing_rows(self.settings, graph.edge_index, None, len(z))
        return mix_sample(self.mixer, z, None, edges, None, random)[0]
