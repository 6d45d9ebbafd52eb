"""Sums over listed pairs of rows, the sparse half of mixing; memory grows with rows and pairs, never their product."""

import warnings
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from relamp.kernels.segments import Segments

PAIRS_AT_ONCE = 1 << 15


class Pairs:
    """Pairs of n rows, each from a source to a target, `[m]` both; a pair may be listed more than once."""

    def __init__(self, source: Tensor, target: Tensor, n: int) -> None:
        self.source, self.target, self.n = source, target, n

    @cached_property
    def sources(self) -> Segments:
        """The sources of each row's pairs, where the row is the target."""
        return Segments.by(self.target, self.source, self.n)

    @cached_property
    def targets(self) -> Segments:
        """The targets of each row's pairs, where the row is the source."""
        return Segments.by(self.source, self.target, self.n)

    def dot(self, q: Tensor, k: Tensor) -> Tensor:
        """Return `q[target_p] . k[source_p]` of each pair `[m]`, without gradient."""
        # The product below is for CPUs, and not for more pairs than the matrix has entries.
        if q.device.type != "cpu" or len(self.source) > self.n**2:
            cut = (torch.split(ends, PAIRS_AT_ONCE) for ends in (self.source, self.target))
            return torch.cat([(k[j] * q[i]).sum(1) for j, i in zip(*cut, strict=True)])
        # Entries of `k q^T` at the pairs: forty times as fast as gathering both factors.
        to = self.targets
        nothing = q.new_zeros(len(to.members))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta state", UserWarning)
            places = torch.sparse_csr_tensor(to.offsets, to.members, nothing, (self.n, self.n), check_invariants=False)
        dots = torch.sparse.sampled_addmm(places, k, q.T, beta=0).values()
        return dots if to.order is None else torch.empty_like(dots).index_copy_(0, to.order, dots)


class _PairDot(Function):
    """`out_p = q[target_p] . k[source_p]`, its two factors never gathered whole."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, pairs: Pairs) -> Tensor:
        ctx.save_for_backward(q, k)
        ctx.pairs = pairs
        return pairs.dot(q, k)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None]:
        q, k = ctx.saved_tensors
        return ctx.pairs.sources.sum(k, grads[0]), ctx.pairs.targets.sum(q, grads[0]), None


class _PairSum(Function):
    """`out_i = sum over pairs p with target_p = i of weight_p z[source_p]`."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, z: Tensor, pairs: Pairs) -> Tensor:
        ctx.save_for_backward(weight, z)
        ctx.pairs = pairs
        return pairs.sources.sum(z, weight)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor, None]:
        weight, z = ctx.saved_tensors
        of_weight = ctx.pairs.dot(grads[0], z) if ctx.needs_input_grad[0] else None
        return of_weight, ctx.pairs.targets.sum(grads[0], weight), None


def pair_dot(q: Tensor, k: Tensor, pairs: Pairs) -> Tensor:
    """Return `q[target_p] . k[source_p]` for every pair p, `[m]`, from rows `[n, d]`, with gradient."""
    product: Tensor = _PairDot.apply(q, k, pairs)  # type: ignore[no-untyped-call]
    return product


def pair_sum(weight: Tensor, z: Tensor, pairs: Pairs) -> Tensor:
    """Return the sum of `weight_p z[source_p]` over the pairs p of each target, `[n, d]`, with gradient."""
    total: Tensor = _PairSum.apply(weight, z, pairs)  # type: ignore[no-untyped-call]
    return total


def sum_by_target(values: Tensor, target: Tensor, n: int) -> Tensor:
    """Return the sum of `values` `[m]` over the pairs of each of n targets, `[n]`."""
    return values.new_zeros(n).index_add(0, target, values)
