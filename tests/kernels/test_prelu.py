"""PReLU against torch's own."""

import pytest
import torch
from torch import nn

from relamp.kernels.prelu import PReLU
from seeded import gen


@pytest.mark.parametrize("slope", [0.25, 0.0, -0.5, 1.5])
@pytest.mark.parametrize("turned", [False, True])
def test_values_and_gradients_are_those_of_torch(slope: float, turned: bool) -> None:
    x = torch.randn(7, 5, generator=gen(), dtype=torch.float64)
    x[0, :3] = torch.tensor([0.0, -0.0, 3.0])
    x = (x.T if turned else x).requires_grad_()
    weight = torch.randn(x.shape, generator=gen(1), dtype=torch.float64)
    found = []
    for layer in (PReLU(init=slope).double(), nn.PReLU(init=slope).double()):
        y = layer(x)
        found.append((y, *torch.autograd.grad((y * weight).sum(), [x, layer.weight])))
    torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=1e-12)
