"""Symmetric operators on hidden features, and series of them, without a copy of any step in between."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Operator = Callable[[Tensor], Tensor]


class _Symmetric(torch.autograd.Function):
    """A symmetric operator: it does to gradients what it does to values, and no step in between is kept."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, operator: Operator) -> Tensor:
        ctx.operator = operator
        return operator(y)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return ctx.operator(gradients[0]), None


def symmetric(y: Tensor, operator: Operator) -> Tensor:
    """Return what a linear, symmetric operator makes of y, with gradient."""
    made: Tensor = _Symmetric.apply(y, operator)  # type: ignore[no-untyped-call]
    return made


def chebyshev_sum(y: Tensor, times: Operator, coefficients: Sequence[float]) -> Tensor:
    """Return `sum_k c_k C_k(T) y` with the Chebyshev polynomials C_k of the operator T, without gradient."""
    total, before, now = coefficients[0] * y, y, y
    for k, weight in enumerate(coefficients[1:]):
        after = times(now)
        if k:
            after = 2 * after - before
        before, now = now, after
        total += weight * now
    return total
