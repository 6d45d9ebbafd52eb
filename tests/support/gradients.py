"""Gradients of a loss beside those of its slow twin."""

from collections.abc import Sequence

import torch
from torch import Tensor


def check_gradients(
    found: Tensor, expected: Tensor, wanted: Sequence[Tensor], atol: float | None = None, rtol: float | None = None
) -> None:
    """Hold the gradients of two losses by the same tensors against each other."""
    for one, two in zip(*(torch.autograd.grad(loss, wanted) for loss in (found, expected)), strict=True):
        torch.testing.assert_close(one, two, atol=atol, rtol=rtol)
