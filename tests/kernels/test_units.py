"""Rows of length 1 against torch's own."""

import pytest
import torch
from torch.nn import functional as F

from relamp.kernels.units import unit_rows
from seeded import gen


@pytest.mark.parametrize("shape", [(5, 3), (1, 1), (0, 3)])
def test_values_and_gradients_are_those_of_torch(shape: tuple[int, int]) -> None:
    x = torch.randn(shape, generator=gen(), dtype=torch.float64)
    # Of the last rows one is zero and one all but zero.
    if len(x) > 2:
        x[3], x[4] = 0, 1e-14
    x.requires_grad_()
    weight = torch.randn(shape, generator=gen(1), dtype=torch.float64)
    found = []
    for unit in (unit_rows, lambda rows: F.normalize(rows, dim=1)):
        y = unit(x)
        found.append((y, *torch.autograd.grad((y * weight).sum(), x)))
    torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=1e-12)
