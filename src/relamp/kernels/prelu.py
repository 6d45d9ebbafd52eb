"""PReLU with one slope: torch's own fills a matrix for the gradient of the slope before it adds that up."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional as F


class _PReLU(Function):
    """`x` where that is above 0, else `slope x`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        ctx.slope = slope.item()
        return F.leaky_relu(x, ctx.slope)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        (x,), grad = ctx.saved_tensors, grads[0]
        back = torch.ops.aten.leaky_relu_backward(grad, x, ctx.slope, False)
        return back, torch.dot(grad.flatten(), x.clamp_max(0).flatten())[None]


class PReLU(nn.PReLU):
    """`nn.PReLU` with one slope for all columns (He et al. 2015)."""

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` with its negative entries times the slope."""
        made: Tensor = _PReLU.apply(x, self.weight)  # type: ignore[no-untyped-call]
        return made
