"""Batch normalisation of rows that stand for many against torch's of the many."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from relamp.kernels.normalise import normalise
from seeded import gen


def norm_of(d: int, seed: int) -> nn.BatchNorm1d:
    norm = nn.BatchNorm1d(d).double()
    for value in (norm.weight, norm.bias, norm.running_mean):
        nn.init.normal_(value, generator=gen(seed + len(value)))
    return norm


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=7).filter(lambda sizes: sum(sizes) > 1),
    seed=st.integers(0, 1000),
    relu=st.booleans(),
    training=st.booleans(),
)
def test_equals_torch_on_repeated_rows(sizes: list[int], seed: int, relu: bool, training: bool) -> None:
    norm = norm_of(3, seed).train(training)
    plain = copy.deepcopy(norm)
    size = torch.tensor(sizes)
    x = torch.randn(len(sizes), 3, generator=gen(seed), dtype=torch.float64, requires_grad=True)
    many = plain(x.repeat_interleave(size, 0))
    many = torch.relu(many) if relu else many
    few = normalise(x, norm, size, relu)
    torch.testing.assert_close(few.repeat_interleave(size, 0), many)
    torch.testing.assert_close(norm.state_dict(), plain.state_dict())
    weight = torch.randn(few.shape, generator=gen(seed + 1), dtype=torch.float64)
    got = torch.autograd.grad((few * weight * size[:, None]).sum(), [x, norm.weight, norm.bias])
    wanted = torch.autograd.grad((many * weight.repeat_interleave(size, 0)).sum(), [x, plain.weight, plain.bias])
    torch.testing.assert_close(got, wanted, rtol=1e-6, atol=1e-8)


def test_gradient_by_differences() -> None:
    norm, size = norm_of(2, 0), torch.tensor([1, 3, 2])
    x = torch.randn(3, 2, generator=gen(1), dtype=torch.float64, requires_grad=True)
    for relu in (False, True):
        assert torch.autograd.gradcheck(lambda x: normalise(x, norm, size, relu), x)  # noqa: B023


def test_one_node_has_no_variance() -> None:
    with pytest.raises(ValueError, match="more than 1 nodes"):
        normalise(torch.ones(1, 2), nn.BatchNorm1d(2), torch.tensor([1]), relu=True)
