"""Batch normalisation of rows that stand for several equal rows each."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function


class _Normalised(Function):
    """`weight * (h - mean) / sqrt(var + eps) + bias`; a row counts `share` of the whole in mean and variance."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, share: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, ...]:
        mean = share @ h
        unit = h - mean
        var = share @ unit.square()
        scale = (var + eps).rsqrt_()
        unit *= scale
        ctx.save_for_backward(unit, share, weight * scale)
        ctx.mark_non_differentiable(mean, var)
        return torch.addcmul(bias, unit, weight), mean, var

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, Tensor, Tensor, None]:
        unit, share, scale = ctx.saved_tensors
        grad = grads[0]
        by_weight, by_bias = (grad * unit).sum(0), grad.sum(0)
        # The mean and the variance depend on every row, by its share.
        pull = torch.addcmul(by_bias, unit, by_weight).mul_(share[:, None])
        return (grad - pull).mul_(scale), None, by_weight, by_bias, None


class BatchNorm(nn.BatchNorm1d):
    """`nn.BatchNorm1d` of the rows that `h` `[k, d]` stands for, row i for `sizes[i]` equal ones."""

    def forward(self, h: Tensor, sizes: Tensor) -> Tensor:  # type: ignore[override]
        """Return the normalised rows `[k, d]`; in training the running statistics move as if every row were there."""
        if not self.training:
            return super().forward(h)
        if len(h) < 2 and int(sizes.sum()) < 2:
            raise ValueError("batch normalisation needs more than one row in training")
        sizes = sizes.to(h.dtype)
        count = sizes.sum()
        h, mean, var = _Normalised.apply(h, sizes / count, self.weight, self.bias, self.eps)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(var * (count / (count - 1)), self.momentum)
            self.num_batches_tracked += 1
        return h
