"""Products of matrices in half the bits, where all else stays in single precision."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def in_bfloat16(whole: nn.Module) -> None:
    """Let the perceptrons of a module multiply in bfloat16, from now on.

    Their weights, inputs and outputs stay in single precision, and with them sums, normalisation, losses and steps.
    """
    for each in whole.modules():
        if isinstance(each, nn.Sequential) and all(isinstance(part, nn.Linear | nn.ReLU) for part in each):
            each.forward = _cast(each.forward)  # type: ignore[method-assign]


def _cast(forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def run(x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, torch.bfloat16):
            return forward(x).float()

    return run
