"""The denominators of a contrastive loss among rows that are all each other's negatives: each pair is made once."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from relamp.kernels.product import product

ROWS_AT_ONCE = 256
# What a loss keeps for its backward pass, in bytes; what is above that is made again.
MOST_KEPT = 2**29


class _LogSums(Function):
    """`log sum_{j != i} w_i w_j exp((h_i . h_j - 1) / temperature)` for the first `anchors` rows i, j over all rows.

    Made some rows at a time, each block from its own rows on: a pair is in the sums of both.
    """

    @staticmethod
    def forward(ctx: Any, h: Tensor, anchors: int, temperature: float, room: int, weight: Tensor | None) -> Tensor:
        blocks, sums, kept = _Blocks(h, anchors, temperature, weight), h.new_zeros(len(h)), []
        for start, end in blocks.bounds:
            block = blocks.make(start, end)
            sums[start:end] += block.sum(1)
            sums[end:] += block[:, end - start :].sum(0)
            room -= block.nbytes
            kept.append(block if room >= 0 else None)
        ctx.save_for_backward(h, sums[:anchors])
        ctx.blocks, ctx.kept, ctx.temperature = blocks, kept, temperature
        return sums[:anchors].log()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None]:
        h, sums = ctx.saved_tensors
        share, grad = h.new_zeros(len(h)), torch.zeros_like(h)
        share[: len(sums)] = grads[0] / (sums * ctx.temperature)
        buffer = h.new_empty(ROWS_AT_ONCE * len(h))
        for (start, end), known in zip(ctx.blocks.bounds, ctx.kept, strict=True):
            block = ctx.blocks.make(start, end) if known is None else known
            pull = buffer[: block.numel()].view_as(block)
            torch.add(share[start:end, None], share[start:], out=pull).mul_(block)
            grad[start:end] += product(pull, h[start:].T)
            grad[end:] += product(pull[:, end - start :].T, h[start:end].T)
        return grad, None, None, None, None


class _Blocks:
    """`w_i w_j exp((h_i . h_j - 1) / temperature)` of some rows i with themselves and all after them.

    A row is with itself `w_i - 1` times, without weights never.
    """

    def __init__(self, h: Tensor, anchors: int, temperature: float, weight: Tensor | None) -> None:
        # Temperature and shift are part of the product, and cost no pass over the block.
        self.left, self.right, self.weight = h / temperature, h, weight
        self.shift = h.new_full((len(h),), -1 / temperature)
        if weight is not None:
            self.shift = self.shift + weight.log()
        self.bounds = [(start, min(start + ROWS_AT_ONCE, anchors)) for start in range(0, anchors, ROWS_AT_ONCE)]

    def make(self, start: int, end: int) -> Tensor:
        """Return those of the rows from `start` to `end`."""
        block = product(self.left[start:end], self.right[start:], self.shift[start:]).exp_()
        if self.weight is None:
            block.diagonal().zero_()
        else:
            weight = self.weight[start:end]
            block.mul_(weight[:, None]).diagonal().mul_(_others(weight))
        return block


class _LogSumsInEach(Function):
    """The same among the rows of each of some groups of one size."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, temperature: float, weight: Tensor | None) -> Tensor:
        shift = h.new_full((1, 1, 1), -1 / temperature)
        pairs = torch.baddbmm(shift, h, h.transpose(1, 2), alpha=1 / temperature).exp_()
        if weight is None:
            pairs.diagonal(dim1=1, dim2=2).zero_()
        else:
            pairs.mul_(weight[:, :, None]).mul_(weight[:, None]).diagonal(dim1=1, dim2=2).mul_(_others(weight))
        sums = pairs.sum(2)
        ctx.save_for_backward(h, pairs, sums)
        ctx.temperature = temperature
        return sums.log()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        h, pairs, sums = ctx.saved_tensors
        share = grads[0] / (sums * ctx.temperature)
        return ((share[:, :, None] + share[:, None]) * pairs) @ h, None, None


def _others(weight: Tensor) -> Tensor:
    """Return the share of a row's copies that are not this one."""
    return (weight - 1).clamp_min(0) / weight


def log_sums(
    h: Tensor, temperature: float, anchors: int | None = None, calls: int = 1, weight: Tensor | None = None
) -> Tensor:
    """Return `log sum_{j != i} exp((h_i . h_j - 1) / temperature)` for the first rows i, or for all, `[anchors]`.

    Rows h `[n, d]` have length 1, so that 1 bounds their products, and nothing overflows. Memory grows with n, but for
    MOST_KEPT bytes, which some calls of one loss share. A weight `[n]`, above 0, says how often each row stands there:
    one of its copies is i, the others are among the j.
    """
    anchors = len(h) if anchors is None else anchors
    made: Tensor = _LogSums.apply(h, anchors, temperature, MOST_KEPT // calls, weight)  # type: ignore[no-untyped-call]
    return made if weight is None else made - weight[:anchors].log()


def log_sums_in_each(h: Tensor, temperature: float, weight: Tensor | None = None) -> Tensor:
    """Return the same as `log_sums` for all rows of each of some small groups of one size, `[k, n]` of `[k, n, d]`."""
    made: Tensor = _LogSumsInEach.apply(h, temperature, weight)  # type: ignore[no-untyped-call]
    return made if weight is None else made - weight.log()
