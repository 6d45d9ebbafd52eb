"""Classifiers of nodes that are trained on labels: MLP, GCN, Chebyshev, GAT and JKNET (M-Mix Table 2)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.nodes import PackedNodes, rows_scaled
from relamp.kernels.pairs import Pairs, pair_sum
from relamp.model.node_encoder import SparseRows, attend, edges_of
from relamp.settings.nodes import NodeFeatures
from relamp.settings.supervised import NodeModel


@dataclass(frozen=True)
class Constants:
    """What public code sets for a model.

    Attributes:
        hidden: width of a hidden layer, or of each of its heads.
        dropout: share of what a layer sees that is set to 0 in training.
        learning_rate, weight_decay: of Adam.
        epochs: at most.
        patience: epochs without a better validation accuracy or loss after which training stops.
        layers: that look at neighbours.
        all_decay: whether all weights decay, or the first layer's alone.
        order: of Chebyshev's polynomials.
        heads: of GAT's hidden and of its last layer.
    """

    hidden: int = 16
    dropout: float = 0.5
    learning_rate: float = 0.01
    weight_decay: float = 5e-4
    epochs: int = 200
    patience: int = 10
    layers: int = 2
    all_decay: bool = False
    order: int = 3
    heads: tuple[int, int] = (8, 1)


_GAT = Constants(hidden=8, dropout=0.6, learning_rate=0.005, epochs=100_000, patience=100, all_decay=True)
_JKNET = Constants(hidden=32, learning_rate=0.005, epochs=500, patience=100, all_decay=True)
# Kipf and Welling's code, GAT's, and what is common for JKNET. Of several, validation chooses: papers try orders 2 and
# 3 of CHEBISHEV, and 1 to 6 layers of JKNET.
PUBLISHED: dict[NodeModel, tuple[Constants, ...]] = {
    "mlp": (Constants(),),
    "gcn": (Constants(),),
    "chebyshev": (Constants(order=2), Constants(order=3)),
    "gat": (_GAT,),
    "jknet": tuple(replace(_JKNET, layers=layers) for layers in range(1, 7)),
}
PUBLISHED_ON: dict[tuple[NodeModel, str], tuple[Constants, ...]] = {
    ("gat", "Pubmed"): (replace(_GAT, learning_rate=0.01, weight_decay=1e-3, heads=(8, 8)),),
}


@dataclass(frozen=True)
class SeenNodes:
    """A graph as classifiers see it.

    Attributes:
        features: sparse rows `[N, F]`.
        edges, looped: pairs of neighbours, without and with a self-loop for each node.
    """

    features: SparseRows
    edges: Pairs
    looped: Pairs

    @classmethod
    def of(cls, data: PackedNodes, features: NodeFeatures, device: torch.device) -> Self:
        """Put a graph on a device."""
        x, edges = data.features(), edges_of(data, device)
        looped = torch.cat([edges, torch.arange(data.num_nodes, device=device).expand(2, -1)], dim=1)
        rows = SparseRows.of(rows_scaled(x) if features == "rows-scaled" else x).to(device)
        return cls(rows, *(Pairs(source, target, data.num_nodes) for source, target in (edges, looped)))


def propagated(h: Tensor, pairs: Pairs) -> Tensor:
    """Return `D^-1/2 A D^-1/2 h` `[n, d]` of the graph of these pairs."""
    degree = torch.bincount(pairs.target, minlength=pairs.n).to(h.dtype)
    return pair_sum((degree[pairs.source] * degree[pairs.target]).rsqrt(), h, pairs)


def polynomial(parts: Sequence[Tensor], operator: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the sum of `T_k(operator) parts_k` over Chebyshev's polynomials, by Clenshaw's recurrence."""
    above, far = torch.zeros_like(parts[0]), torch.zeros_like(parts[0])
    for part in reversed(parts[1:]):
        above, far = part + 2 * operator(above) - far, above
    return parts[0] + operator(above) - far


class NodeClassifier(nn.Module):
    """A classifier of nodes; `first` are the weights of its first layer, `rest` all others.

    Weights are Xavier uniform. `random` draws what dropout sets to 0 in training.
    """

    def __init__(self, constants: Constants, random: torch.Generator) -> None:
        super().__init__()
        self.constants, self.random = constants, random

    @property
    def first(self) -> list[nn.Parameter]:
        """The weights that decay."""
        return list(self.parameters())[: None if self.constants.all_decay else 1]

    @property
    def rest(self) -> list[nn.Parameter]:
        """The weights that do not."""
        return list(self.parameters())[len(self.first) :]

    def dropped(self, h: Tensor) -> Tensor:
        """Return h with some entries at 0 and the others larger by as much, in training."""
        if not self.training:
            return h
        kept = 1 - self.constants.dropout
        drawn = torch.rand(h.shape, generator=self.random, device=h.device)
        return h * (drawn < kept).to(h.dtype).div_(kept)

    def projected(self, features: SparseRows, weight: Tensor) -> Tensor:
        """Return `X W` `[N, d]`, entries of X dropped in training."""
        return replace(features, value=self.dropped(features.value)).times(weight)


class Convolutions(NodeClassifier):
    """Layers `h W` (MLP), `A_hat h W` (GCN, Kipf and Welling 2017) or `sum of T_k(L) h W_k` (Defferrard et al. 2016).

    A_hat has a self-loop for each node. L is the normalised Laplacian, scaled as if its largest eigenvalue were 2, its
    bound: `-D^-1/2 A D^-1/2`. ReLU between layers, no biases, as in Kipf and Welling's code.
    """

    def __init__(
        self,
        kind: NodeModel,
        features: int,
        classes: int,
        constants: Constants,
        generator: torch.Generator,
        random: torch.Generator,
    ) -> None:
        super().__init__(constants, random)
        self.kind = kind
        widths = [features, *[constants.hidden] * (constants.layers - 1), classes]
        terms = constants.order + 1 if kind == "chebyshev" else 1
        self.weights = nn.ParameterList(
            torch.cat([_xavier(shape, generator) for _ in range(terms)], dim=1) for shape in pairwise(widths)
        )
        self.terms = terms

    def forward(self, graph: SeenNodes) -> Tensor:
        """Return logits `[N, classes]`."""
        h = self.spread(self.projected(graph.features, self.weights[0]), graph)
        for weight in self.weights[1:]:
            h = self.spread(self.dropped(F.relu(h)) @ weight, graph)
        return h

    def spread(self, z: Tensor, graph: SeenNodes) -> Tensor:
        """Return what a layer makes of its products `[N, terms * d]`, `[N, d]`."""
        if self.kind == "chebyshev":
            return polynomial(z.chunk(self.terms, dim=1), lambda h: -propagated(h, graph.edges))
        return z if self.kind == "mlp" else propagated(z, graph.looped)


class JumpingKnowledge(NodeClassifier):
    """Layers `ReLU(A_hat h W)`, all side by side into a linear layer (JKNET, Xu et al. 2018, concatenation)."""

    def __init__(
        self,
        features: int,
        classes: int,
        constants: Constants,
        generator: torch.Generator,
        random: torch.Generator,
    ) -> None:
        super().__init__(constants, random)
        widths = [features, *[constants.hidden] * constants.layers]
        self.weights = nn.ParameterList(_xavier(shape, generator) for shape in pairwise(widths))
        self.last = nn.Parameter(_xavier((sum(widths[1:]), classes), generator))
        self.bias = nn.Parameter(torch.zeros(classes))

    def forward(self, graph: SeenNodes) -> Tensor:
        """Return logits `[N, classes]`."""
        h, found = self.projected(graph.features, self.weights[0]), []
        for weight in (*self.weights[1:], None):
            found.append(F.relu(propagated(h, graph.looped)))
            if weight is not None:
                h = self.dropped(found[-1]) @ weight
        return self.dropped(torch.cat(found, dim=1)) @ self.last + self.bias


class Attention(NodeClassifier):
    """Two layers of GAT with ELU between them (Velickovic et al. 2018); the last one's heads are averaged."""

    def __init__(
        self,
        features: int,
        classes: int,
        constants: Constants,
        generator: torch.Generator,
        random: torch.Generator,
    ) -> None:
        super().__init__(constants, random)
        shapes = list(zip(constants.heads, (constants.hidden, classes), strict=True))
        widths = [features, *(heads * width for heads, width in shapes)]
        # Each head is drawn by itself.
        self.weights = nn.ParameterList(
            torch.cat([_xavier((seen, width), generator) for _ in range(heads)], dim=1)
            for seen, (heads, width) in zip(widths, shapes, strict=False)
        )
        self.scores = nn.ParameterList(
            torch.stack([_xavier((width, 1), generator) for _ in range(2 * heads)]).view(2, heads, width)
            for heads, width in shapes
        )
        self.bias = nn.ParameterList(torch.zeros(width) for width in (widths[1], classes))

    def forward(self, graph: SeenNodes) -> Tensor:
        """Return logits `[N, classes]`."""
        z = self.projected(graph.features, self.weights[0])
        h = F.elu(attend(z, graph.looped, self.scores[0], self.dropped) + self.bias[0])
        z = attend(self.dropped(h) @ self.weights[1], graph.looped, self.scores[1], self.dropped)
        logits: Tensor = z.view(len(z), self.constants.heads[1], -1).mean(dim=1) + self.bias[1]
        return logits


def published(kind: NodeModel, dataset: str) -> tuple[Constants, ...]:
    """Return what public code sets for a model on a data set, among which validation chooses."""
    return PUBLISHED_ON.get((kind, dataset), PUBLISHED[kind])


def build_classifier(
    kind: NodeModel,
    constants: Constants,
    features: int,
    classes: int,
    generator: torch.Generator,
    random: torch.Generator,
) -> NodeClassifier:
    """Draw a model; `generator` draws its weights, `random` what dropout drops."""
    made = {"gat": Attention, "jknet": JumpingKnowledge}.get(kind, partial(Convolutions, kind))
    return made(features, classes, constants, generator, random)


def _xavier(shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    return nn.init.xavier_uniform_(torch.empty(shape), generator=generator)
