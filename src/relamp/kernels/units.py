"""Rows divided by their length: half the passes of torch's own, which goes back by length and quotient apart."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

# A row that is shorter is divided by this, as by `torch.nn.functional.normalize`.
SHORTEST = 1e-12


class _UnitRows(Function):
    """`x_i / max(|x_i|, SHORTEST)`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(x, dim=1, keepdim=True)
        unit: Tensor = x / length.clamp_min(SHORTEST)
        ctx.save_for_backward(unit, length)
        return unit

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        (unit, length), grad = ctx.saved_tensors, grads[0]
        # What points along the row changes its length alone; of a row that is too short the length does not count.
        along = (grad * unit).sum(1, keepdim=True) * (length >= SHORTEST)
        return torch.addcmul(grad, unit, along, value=-1).div_(length.clamp_min(SHORTEST))


def unit_rows(x: Tensor) -> Tensor:
    """Return the rows of x `[n, d]` at length 1, a row of zeros as it is, with gradient."""
    units: Tensor = _UnitRows.apply(x)  # type: ignore[no-untyped-call]
    return units
