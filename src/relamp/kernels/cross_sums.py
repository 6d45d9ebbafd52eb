"""The denominators of a contrastive loss between two views, whose pairs are rows of one against rows of the other."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from relamp.kernels.log_sums import MOST_KEPT, ROWS_AT_ONCE
from relamp.kernels.product import product


class _CrossLogSums(Function):
    """Logarithms of the sums over rows and over columns of `w_i w_j exp((a_i . b_j - 1) / temperature)`.

    Made some rows at a time; both directions share every block.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, temperature: float, weight: Tensor | None) -> tuple[Tensor, Tensor]:
        blocks, kept, room = _Blocks(a, b, temperature, weight), [], MOST_KEPT
        of_rows, of_columns = torch.empty_like(a[:, 0]), torch.zeros_like(b[:, 0])
        for rows in blocks.bounds:
            block = blocks.make(rows)
            of_rows[rows] = block.sum(1)
            of_columns += block.sum(0)
            room -= block.nbytes
            kept.append(block if room >= 0 else None)
        ctx.save_for_backward(a, b, of_rows, of_columns)
        ctx.blocks, ctx.kept, ctx.temperature = blocks, kept, temperature
        return of_rows.log(), of_columns.log()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:
        a, b, of_rows, of_columns = ctx.saved_tensors
        by_row, by_column = grads[0] / (of_rows * ctx.temperature), grads[1] / (of_columns * ctx.temperature)
        grad_a, grad_b = torch.empty_like(a), torch.zeros_like(b)
        for rows, known in zip(ctx.blocks.bounds, ctx.kept, strict=True):
            pull = (ctx.blocks.make(rows) if known is None else known) * (by_row[rows, None] + by_column)
            grad_a[rows] = product(pull, b.T)
            grad_b += product(pull.T, a[rows].T)
        return grad_a, grad_b, None, None


class _Blocks:
    """`w_i w_j exp((a_i . b_j - 1) / temperature)` of some rows i with all rows j."""

    def __init__(self, a: Tensor, b: Tensor, temperature: float, weight: Tensor | None) -> None:
        self.left, self.right, self.weight = a / temperature, b, weight
        self.shift = b.new_full((len(b),), -1 / temperature)
        if weight is not None:
            self.shift = self.shift + weight.log()
        self.bounds = [slice(start, min(start + ROWS_AT_ONCE, len(a))) for start in range(0, len(a), ROWS_AT_ONCE)]

    def make(self, rows: slice) -> Tensor:
        """Return those of some rows."""
        block = product(self.left[rows], self.right, self.shift).exp_()
        return block if self.weight is None else block.mul_(self.weight[rows, None])


def cross_log_sums(a: Tensor, b: Tensor, temperature: float, weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return `log sum_j w_j exp((a_i . b_j - 1) / temperature)` of each row i, and the same of b against a, `[n]` each.

    Rows a, b `[n, d]` have length 1. A weight `[n]`, above 0, says how often a row of both stands there; None is once.
    """
    rows, columns = _CrossLogSums.apply(a, b, temperature, weight)  # type: ignore[no-untyped-call]
    return (rows, columns) if weight is None else (rows - weight.log(), columns - weight.log())
