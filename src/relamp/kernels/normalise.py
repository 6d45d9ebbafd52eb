"""Batch normalisation of rows that stand for several nodes each, with the gate behind it."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

from relamp.kernels.shares import is_shared, sum_all


class _Normalise(Function):
    """`gamma (x - mean) / sqrt(variance + eps) + beta`, mean and variance over rows by their shares, ReLU at will."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, share: Tensor, gamma: Tensor, beta: Tensor, eps: float, relu: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.shared = is_shared()
        mean = _whole(share @ x, ctx.shared)
        centred = x - mean
        variance = _whole(share @ centred.square(), ctx.shared)
        scale = (variance + eps).rsqrt()
        centred *= scale
        y = torch.addcmul(beta, centred, gamma)
        if relu:
            y.relu_()
        ctx.save_for_backward(centred, share, gamma * scale, *([y] if relu else []))
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, Tensor, Tensor, None, None]:
        normal, share, slope, *gate = ctx.saved_tensors
        grad = torch.ops.aten.threshold_backward(grads[0], gate[0], 0) if gate else grads[0]
        by_beta, by_gamma = grad.sum(0), (grad * normal).sum(0)
        # What a row moves of mean and variance goes by its share, and moves the rows of all processes.
        beta, gamma = (_whole(each.clone(), True) if ctx.shared else each for each in (by_beta, by_gamma))
        moved = torch.addcmul(beta, normal, gamma).mul_(share[:, None])
        return torch.sub(grad, moved, out=moved).mul_(slope), None, by_gamma, by_beta, None, None


def _whole(part: Tensor, shared: bool) -> Tensor:
    return sum_all(part) if shared else part


def normalise(x: Tensor, norm: Any, size: Tensor, relu: bool) -> Tensor:
    """Return rows `[C, d]` through a `BatchNorm1d`, as if each stood there as often as `size` `[C]` says.

    With `relu` through that too. In training it moves the running statistics, and raises ValueError if one row is all
    there is: it has no variance. Mean and variance are those of all processes' rows where a batch is shared.
    """
    if not norm.training:
        y = F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps)
        return y.relu_() if relu else y
    n = int(_whole(size.sum(), is_shared()))
    if n < 2:
        raise ValueError(f"batch normalisation needs more than {n} nodes")
    y, mean, variance = _Normalise.apply(x, size.to(x.dtype) / n, norm.weight, norm.bias, norm.eps, relu)  # type: ignore[no-untyped-call]
    norm.num_batches_tracked += 1
    norm.running_mean.lerp_(mean, norm.momentum)
    norm.running_var.lerp_(variance * (n / (n - 1)), norm.momentum)
    out: Tensor = y
    return out
