"""Contrastive losses: NT-Xent between graphs and LAMP's local loss between nodes, one core for both."""

from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

Directions = Literal["both", "one"]

# Similarities are shifted by their upper bound 1 / temperature before exp(), so nothing overflows; below this
# temperature the smallest term exp(-2 / temperature) would vanish in single precision.
MIN_TEMPERATURE = 0.025
ROWS_AT_ONCE = 1024


class _Contrast(Function):
    """Mean of `-log(exp(s_ii) / sum_j exp(s_ij))`, j over the rows of `b` in other groups than i's.

    The similarity matrix is made a few rows at a time, in forward and again in backward, so memory grows with
    n instead of n squared, and the two directions share every block: column sums are the other direction's row sums.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, group: Tensor, temperature: float, both: bool) -> Tensor:
        n = len(a)
        row_sum, column_sum = a.new_empty(n), a.new_zeros(n)
        for start in range(0, n, ROWS_AT_ONCE):
            part = _weights(a, b, group, temperature, start)
            row_sum[start : start + ROWS_AT_ONCE] = part.sum(1)
            if both:
                column_sum += part.sum(0)
        # A row without any negative (all nodes in one group) says nothing and is left out of the mean.
        used = row_sum > 0
        ctx.save_for_backward(a, b, group, row_sum, column_sum, used)
        ctx.temperature, ctx.both = temperature, both
        positive = ((a * b).sum(1) - 1) / temperature
        loss = row_sum.log() - positive
        if both:
            loss = (loss + column_sum.log() - positive) / 2
        return loss[used].sum() / used.sum().clamp_min(1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        a, b, group, row_sum, column_sum, used = ctx.saved_tensors
        scale = grads[0] / (used.sum().clamp_min(1) * ctx.temperature)
        share = 0.5 if ctx.both else 1.0
        by_row = torch.where(used, share / row_sum, 0.0)
        by_column = torch.where(used, share / column_sum, 0.0) if ctx.both else None
        grad_a, grad_b = torch.empty_like(a), torch.zeros_like(b)
        for start in range(0, len(a), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            part = _weights(a, b, group, ctx.temperature, start)
            part *= by_row[rows, None] if by_column is None else by_row[rows, None] + by_column
            grad_a[rows] = part @ b
            grad_b += part.T @ a[rows]
        pull = used.to(a.dtype)[:, None]
        return scale * (grad_a - pull * b), scale * (grad_b - pull * a), None, None, None


def _weights(a: Tensor, b: Tensor, group: Tensor, temperature: float, start: int) -> Tensor:
    """Return `exp((s_ij - 1) / temperature)` for a block of rows, zero where i and j share a group."""
    rows = slice(start, start + ROWS_AT_ONCE)
    similarity = a[rows] @ b.T
    similarity.sub_(1).div_(temperature).exp_()
    return similarity.masked_fill_(group[rows, None] == group, 0)


def contrast(a: Tensor, b: Tensor, group: Tensor, temperature: float, directions: Directions = "both") -> Tensor:
    """Contrast row i of `a` with row i of `b` against all rows of `b` from other groups, by cosine similarity.

    The positive pair is not in the denominator (LAMP Eq. 3 and 20). Rows `[n, d]` that have no negative are left out;
    with no negatives at all the loss is 0. By nodes, and their graphs as groups `[n]`, this is LAMP's local loss.

    "both" averages a against b and b against a ("two types of negative pairs"); "one" is a against b. Raises ValueError
    if the temperature is below MIN_TEMPERATURE.
    """
    a, b = units(a, b, temperature)
    loss: Tensor = _Contrast.apply(a, b, group, temperature, directions == "both")  # type: ignore[no-untyped-call]
    return loss


def units(a: Tensor, b: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Return rows `[n, d]` of length 1, whose products are cosines; raise ValueError for too low a temperature."""
    if temperature < MIN_TEMPERATURE:
        raise ValueError(f"temperature {temperature} is below {MIN_TEMPERATURE}, where single precision underflows")
    return F.normalize(a, dim=1), F.normalize(b, dim=1)


def nt_xent(z1: Tensor, z2: Tensor, temperature: float, directions: Directions = "both") -> Tensor:
    """Return the NT-Xent loss (LAMP Eq. 3) between two views `[G, d]` of the same graphs, averaged over graphs."""
    return contrast(z1, z2, torch.arange(len(z1), device=z1.device), temperature, directions)
