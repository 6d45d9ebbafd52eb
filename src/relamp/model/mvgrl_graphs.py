"""MVGRL's own encoder and heads on graphs: layers of GCN in two branches (Hassani and Khasahmadi 2020)."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.graph.diffusion import adjacencies, chebyshev_coefficients
from relamp.kernels.prelu import PReLU
from relamp.kernels.product import Linear
from relamp.kernels.symmetric import Operator, chebyshev_sum, symmetric
from relamp.model.mvgrl import Branch
from relamp.model.node_encoder import SparseRows
from relamp.model.padding import View
from relamp.settings.nodes import Diffusion

Pool = Callable[[View], Tensor]


class GraphBranch(nn.Module):
    """Layers of `PReLU(S H W + b)`, whose operator was applied to the features before."""

    def __init__(self, columns: int, hidden: int, layers: int, generator: torch.Generator) -> None:
        super().__init__()
        widths = [columns, *[hidden] * (layers - 1)]
        self.layers = nn.ModuleList(Branch(width, hidden, generator) for width in widths)

    def forward(self, inputs: Tensor, operator: Operator, padded: bool) -> list[View]:
        """Return each layer's rows of `S X` `[n, columns]`, and the one of padded nodes, if any."""
        found: list[View] = []
        for layer in self.layers:
            seen = operator(found[-1].nodes) if found else inputs
            found.append(View(layer(seen), layer(seen.new_zeros(1, seen.shape[1])) if padded else None))
        return found


class Head(nn.Module):
    """Three times Linear-PReLU beside one linear layer, drawn as torch draws them."""

    def __init__(self, columns: int, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        widths = (columns, hidden, hidden)
        steps = [step for width in widths for step in (_as_torch_draws(width, hidden, generator), PReLU())]
        self.deep, self.short = nn.Sequential(*steps), _as_torch_draws(columns, hidden, generator)

    def forward(self, x: Tensor) -> Tensor:
        """Return rows `[n, hidden]` of rows `[n, columns]`."""
        made: Tensor = self.deep(x) + self.short(x)
        return made


class MVGRLGraphEncoder(nn.Module):
    """Two branches without shared weights, and heads for nodes and for graphs, which both branches share."""

    def __init__(self, columns: int, hidden: int, layers: int, generator: torch.Generator) -> None:
        super().__init__()
        self.a, self.b = (GraphBranch(columns, hidden, layers, generator) for _ in range(2))
        self.nodes, self.graphs = Head(hidden, hidden, generator), Head(layers * hidden, hidden, generator)

    def forward(
        self, inputs: tuple[Tensor, Tensor], operators: tuple[Operator, Operator], pool: Pool, padded: bool = False
    ) -> tuple[tuple[View, Tensor], tuple[View, Tensor]]:
        """Return the nodes of each branch after their head, `[n, hidden]`, and its graphs after theirs, `[G, hidden]`.

        A graph is what `pool` makes of its nodes after each layer, side by side. Inputs are `S X` of both branches,
        `[n, columns]`; graphs may be `padded`.
        """
        a, b = (
            self._after(branch(near, operator, padded), pool)
            for branch, near, operator in zip((self.a, self.b), inputs, operators, strict=True)
        )
        return a, b

    def _after(self, layers: list[View], pool: Pool) -> tuple[View, Tensor]:
        last, graphs = layers[-1], self.graphs(torch.cat([pool(view) for view in layers], dim=1))
        return View(self.nodes(last.nodes), None if last.padded is None else self.nodes(last.padded)), graphs


def graph_operators(
    batch: Batch, kind: Diffusion | Literal["adjacency"], alpha: float, time: float, tolerance: float = 1e-6
) -> tuple[Operator, Operator]:
    """Return the operators of both branches on hidden features of a batch's nodes, `[n, d]`, with gradient.

    They are what `relamp.model.mvgrl.branch_inputs` applies to the features.
    """
    weight = None if batch.edge_weight is None else batch.edge_weight.cpu().numpy()
    made = adjacencies(batch.edge_index.cpu().numpy(), len(batch.x), weight)
    near, signs = (SparseRows.of(matrix).to(batch.x.device).times for matrix in made)

    def diffused(y: Tensor) -> Tensor:
        return chebyshev_sum(y, signs, coefficients)

    if kind == "adjacency":
        return (lambda y: symmetric(y, near),) * 2
    coefficients = chebyshev_coefficients(kind, alpha, time, tolerance).tolist()
    return lambda y: symmetric(y, near), lambda y: symmetric(y, diffused)


def _as_torch_draws(columns: int, width: int, generator: torch.Generator) -> Linear:
    layer = Linear(columns, width)
    for part in layer.parameters():
        nn.init.uniform_(part, -(columns**-0.5), columns**-0.5, generator=generator)
    return layer
