"""Batch normalisation of rows that stand for several against the rows written out."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from relamp.kernels.normalise import normalise
from seeded import gen

SIZES = torch.tensor([3, 1, 4, 2])


def norm() -> nn.BatchNorm1d:
    made = nn.BatchNorm1d(5, dtype=torch.float64)
    with torch.no_grad():
        made.weight.copy_(torch.linspace(-1, 2, 5))
        made.bias.copy_(torch.linspace(1, -1, 5))
    return made


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("relu", [True, False])
def test_rows_count_as_often_as_they_stand_there(training: bool, relu: bool) -> None:
    one, two = norm().train(training), norm().train(training)
    x = torch.randn(4, 5, generator=gen(), dtype=torch.float64, requires_grad=True)
    weight = torch.randn(4, 5, generator=gen(1), dtype=torch.float64)
    found = normalise(x, one, SIZES, relu)
    number = torch.arange(4).repeat_interleave(SIZES)
    expected = two(x[number])
    expected = F.relu(expected) if relu else expected
    torch.testing.assert_close(found[number], expected, rtol=1e-12, atol=1e-12)
    got = torch.autograd.grad((found * weight).sum(), [x, *one.parameters()])
    wanted = torch.autograd.grad((expected * (weight / SIZES[:, None])[number]).sum(), [x, *two.parameters()])
    for a, b in zip(got, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)
    for a, b in zip(one.buffers(), two.buffers(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_one_row_has_no_variance() -> None:
    with pytest.raises(ValueError, match="more than 1"):
        normalise(torch.zeros(1, 5, dtype=torch.float64), norm(), torch.tensor([1]), relu=False)
