"""The sums of a contrastive loss over all pairs of rows, in memory that grows with the rows and not with the pairs."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from relamp.kernels.segments import ascends

ROWS_AT_ONCE = 128


class _Contrast(Function):
    """Mean of `-log(exp(s_ii) / sum_j exp(s_ij))`, j over the rows of `b` in other groups than i's; groups ascend.

    The matrix of similarities is made a few rows at a time, in forward and again in backward, and the two directions
    share every block: column sums are the other direction's row sums.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, group: Tensor, temperature: float, both: bool) -> Tensor:
        row_sum, column_sum = a.new_empty(len(a)), a.new_zeros(len(a))
        blocks = _Blocks(a, b, group, temperature)
        for rows, part in blocks:
            torch.sum(part, 1, out=row_sum[rows])
            if both:
                column_sum += part.sum(0)
        # A row without any negative (all nodes in one group) says nothing and is left out of the mean.
        used = row_sum > 0
        ctx.save_for_backward(a, b, row_sum, column_sum, used)
        ctx.blocks, ctx.temperature, ctx.both = blocks, temperature, both
        positive = ((a * b).sum(1) - 1) / temperature
        loss = row_sum.log() - positive
        if both:
            loss = (loss + column_sum.log() - positive) / 2
        return loss[used].sum() / used.sum().clamp_min(1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        a, b, row_sum, column_sum, used = ctx.saved_tensors
        # A number of rows is an integer, which times a temperature would be of single precision whatever the rows are.
        scale = grads[0] / (used.sum().clamp_min(1).to(a.dtype) * ctx.temperature)
        share = 0.5 if ctx.both else 1.0
        by_row = torch.where(used, share / row_sum, 0.0)
        by_column = torch.where(used, share / column_sum, 0.0)
        grad_a, grad_b = torch.empty_like(a), torch.zeros_like(b)
        for rows, part in ctx.blocks:
            part *= by_row[rows, None] + by_column if ctx.both else by_row[rows, None]
            torch.mm(part, b, out=grad_a[rows])
            grad_b.addmm_(part.T, a[rows])
        pull = used.to(a.dtype)[:, None]
        return scale * (grad_a - pull * b), scale * (grad_b - pull * a), None, None, None


def mean_contrast(a: Tensor, b: Tensor, group: Tensor, temperature: float, both: bool) -> Tensor:
    """Return the mean over rows i of `-log(exp(s_ii) / sum_j exp(s_ij))`, s the products of unit rows by temperature.

    j runs over the rows of `b` `[n, d]` in other groups than i's; groups `[n]` ascend. With `both`, averaged with the
    same of `b` against `a`. Rows without such a j are left out; without any the mean is 0. Raises ValueError if the
    groups do not ascend.
    """
    if not ascends(group):
        raise ValueError("groups do not ascend: sort the rows by group")
    loss: Tensor = _Contrast.apply(a, b, group, temperature, both)  # type: ignore[no-untyped-call]
    return loss


class _Blocks:
    """Rows some at a time, with `exp((s_ij - 1) / temperature)` of each against all, 0 where i and j share a group."""

    def __init__(self, a: Tensor, b: Tensor, group: Tensor, temperature: float) -> None:
        # Temperature and shift are part of the product, and cost no pass over the block.
        self.left = torch.cat([a / temperature, a.new_full((len(a), 1), -1 / temperature)], dim=1)
        self.right = torch.cat([b, b.new_ones(len(b), 1)], dim=1).T
        changes = torch.nonzero(group[1:] != group[:-1])[:, 0] + 1
        self.ends = [*changes.tolist(), len(a)]
        self.alone = len(self.ends) == len(a)

    def __iter__(self) -> Iterator[tuple[slice, Tensor]]:
        n = len(self.left)
        buffer, first, start_of_group = self.left.new_empty(ROWS_AT_ONCE, n), 0, 0
        for start in range(0, n, ROWS_AT_ONCE):
            rows = slice(start, min(start + ROWS_AT_ONCE, n))
            part = torch.mm(self.left[rows], self.right, out=buffer[: rows.stop - start]).exp_()
            if self.alone:
                part.diagonal(start).zero_()
            else:
                # Groups stand together, so that each is a rectangle: no mask has to be made and read.
                while start_of_group < rows.stop:
                    end = self.ends[first]
                    part[max(start_of_group - start, 0) : end - start, start_of_group:end] = 0
                    if end > rows.stop:
                        break
                    start_of_group, first = end, first + 1
            yield rows, part
