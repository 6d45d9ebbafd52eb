"""Batches that several processes encode together: each its share of the graphs, with the same weights and draws.

What stands for the whole batch has in each process the gradient of the whole loss; what is of a share, its share of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist
from torch.autograd import Function


class _Share:
    """Whether rows are those of a share at present."""

    present = False


def processes() -> int:
    """Return how many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Return the number of this process among them, from 0."""
    return dist.get_rank() if processes() > 1 else 0


@contextmanager
def shared() -> Iterator[None]:
    """Within this block rows are those of a share: what is summed over rows is summed over processes."""
    _Share.present = True
    try:
        yield
    finally:
        _Share.present = False


def is_shared() -> bool:
    """Return whether rows are those of a share."""
    return _Share.present


def sum_all(x: Tensor) -> Tensor:
    """Return the sum over processes, written into `x`; without gradient."""
    dist.all_reduce(x)
    return x


def agreed(word: str | None) -> str | None:
    """Return what the first process says."""
    if processes() == 1:
        return word
    words = [word]
    dist.broadcast_object_list(words)
    return words[0]


def alike(word: Any) -> bool:
    """Return whether all processes say the same."""
    words: list[Any] = [word] * processes()
    if len(words) > 1:
        dist.all_gather_object(words, word)
    return all(each == words[0] for each in words)


class _Gathered(Function):
    @staticmethod
    def forward(ctx: Any, own: Tensor, place: Tensor, n: int) -> Tensor:
        ctx.place = place
        # Zeros from everyone else: the sum is exact, and shares may differ in size.
        return sum_all(own.new_zeros(n, *own.shape[1:]).index_copy_(0, place, own.detach()))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        # Each process has the same loss of the same rows, and with it the whole gradient already.
        return grads[0].index_select(0, ctx.place), None, None


def gathered(own: Tensor, place: Tensor, n: int) -> Tensor:
    """Return all n rows, of which each process has some: `own` `[m, d]`, to stand at `place` `[m]`; with gradient."""
    whole: Tensor = _Gathered.apply(own, place, n)  # type: ignore[no-untyped-call]
    return whole


@torch.no_grad()
def add_gradients(parameters: list[Tensor], of_shares: set[Tensor]) -> None:
    """Make gradients those of the whole batch: sums where they are `of_shares`, else equal in all processes already.

    The latter are averaged, so that processes never drift apart by what a GPU adds up in another order.
    """
    for each in parameters:
        if each.grad is not None:
            sum_all(each.grad)
            if each not in of_shares:
                each.grad /= processes()
