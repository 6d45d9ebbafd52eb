"""MVGRL's own objective on nodes: each node against a summary of the other branch (Hassani and Khasahmadi 2020)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.nodes import PackedNodes
from relamp.graph.diffusion import chebyshev_coefficients, normalised_adjacency
from relamp.model.node_encoder import SparseRows
from relamp.settings.nodes import DiffusionSettings


@dataclass(frozen=True)
class Operators:
    """Both branches' operators, to be applied to hidden features: shuffled features cannot be diffused beforehand.

    Attributes:
        features: X, `[N, F]`.
        adjacency: the normalised one, `[N, N]`.
        coefficients: of the diffusion in Chebyshev polynomials of the adjacency, see `relamp.graph.diffusion`.
    """

    features: SparseRows
    adjacency: SparseRows
    coefficients: tuple[float, ...]

    @classmethod
    def of(cls, data: PackedNodes, settings: DiffusionSettings, device: torch.device) -> "Operators":
        """Return those of a graph."""
        adjacency = SparseRows.of(normalised_adjacency(data.edge_index, data.num_nodes)).to(device)
        series = chebyshev_coefficients(settings.kind, settings.alpha, settings.time, settings.tolerance)
        return cls(SparseRows.of(data.features()).to(device), adjacency, tuple(series.tolist()))

    def a(self, y: Tensor) -> Tensor:
        """Return `S y` `[N, d]` for branch a."""
        return _applied(y, self.adjacency.times)

    def b(self, y: Tensor) -> Tensor:
        """Return `S y` `[N, d]` for branch b."""
        return _applied(y, self._series)

    def _series(self, y: Tensor) -> Tensor:
        total, before, now = self.coefficients[0] * y, y, y
        for k, weight in enumerate(self.coefficients[1:]):
            after = self.adjacency.times(now)
            if k:
                after = 2 * after - before
            before, now = now, after
            total += weight * now
        return total


class _Symmetric(torch.autograd.Function):
    """A symmetric operator: what it does to values, it does to gradients, and no step in between is kept."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, operator: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.operator = operator
        return operator(y)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return ctx.operator(gradients[0]), None


def _applied(y: Tensor, operator: Callable[[Tensor], Tensor]) -> Tensor:
    made: Tensor = _Symmetric.apply(y, operator)  # type: ignore[no-untyped-call]
    return made


class LocalGlobal(nn.Module):
    """A discriminator that tells a node of the graph from one of shuffled features, by the other branch's summary.

    Args:
        hidden: width of the embeddings.
        generator: source of the initial weights, Xavier uniform.
    """

    def __init__(self, hidden: int, generator: torch.Generator) -> None:
        """Draw the initial weights."""
        super().__init__()
        self.weight = nn.Parameter(torch.empty(hidden, hidden))
        nn.init.xavier_uniform_(self.weight, generator=generator)

    def forward(self, a: Tensor, b: Tensor, false_a: Tensor, false_b: Tensor) -> Tensor:
        """Return the binary cross-entropy of `h W s`, s being the sigmoid of the other branch's mean.

        Args:
            a, b: nodes of the two branches, `[n, d]`.
            false_a, false_b: nodes of shuffled features, `[n, d]`.
        """
        summary_a, summary_b = (self.weight @ torch.sigmoid(z.mean(0)) for z in (a, b))
        true = torch.cat([b @ summary_a, a @ summary_b])
        false = torch.cat([false_b @ summary_a, false_a @ summary_b])
        return (F.softplus(-true).mean() + F.softplus(false).mean()) / 2
