"""Sums over neighbours and groups against plain loops, gradients included."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from relamp.kernels.segments import Groups, Neighbours, group_sum, neighbour_sum
from seeded import gen

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU"))]


def edges_of(n: int, count: int, seed: int, kind: str) -> Tensor:
    """Edges with repetitions and loops: as they come, by source, in both directions, or both and by source."""
    edge_index = torch.randint(n, (2, count), generator=gen(seed))
    if "both" in kind:
        edge_index = torch.cat([edge_index, edge_index.flip(0)], dim=1)
    if "sorted" in kind:
        edge_index = edge_index[:, torch.argsort(edge_index[0] * n + edge_index[1])]
    return edge_index


def slow_sum(h: Tensor, place: list[int], row: list[int], n: int) -> Tensor:
    sums = [h.new_zeros(h.shape[1]) for _ in range(n)]
    for to, of in zip(place, row, strict=True):
        sums[to] = sums[to] + h[of]
    return torch.stack(sums)


@pytest.mark.parametrize("device", DEVICES)
@settings(max_examples=60)
@given(
    n=st.integers(1, 9),
    count=st.integers(0, 25),
    d=st.integers(1, 40),
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(["as they come", "sorted", "both", "sorted both"]),
)
def test_neighbours_are_summed_with_gradient(device: str, n: int, count: int, d: int, seed: int, kind: str) -> None:
    edge_index = edges_of(n, count, seed, kind)
    h = torch.randn(n, d, generator=gen(seed), dtype=torch.float64, requires_grad=True)
    weight = torch.randn(n, d, generator=gen(seed + 1), dtype=torch.float64)
    expected = slow_sum(h, edge_index[1].tolist(), edge_index[0].tolist(), n)
    (wanted,) = torch.autograd.grad((expected * weight).sum() + 0 * h.sum(), h)
    there = h.detach().to(device).requires_grad_()
    found = neighbour_sum(there, Neighbours(edge_index.to(device), n))
    (got,) = torch.autograd.grad((found * weight.to(device)).sum(), there)
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(got.cpu(), wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("device", DEVICES)
@settings(max_examples=40)
@given(groups=st.lists(st.integers(0, 6), max_size=20).map(sorted), more=st.integers(0, 2), d=st.integers(1, 40))
def test_groups_are_summed_with_gradient(device: str, groups: list[int], more: int, d: int) -> None:
    count = max(groups, default=0) + 1 + more
    h = torch.randn(len(groups), d, generator=gen(d), dtype=torch.float64)
    expected = slow_sum(h, groups, list(range(len(groups))), count)
    there, group = h.to(device).requires_grad_(), torch.tensor(groups, dtype=torch.int64, device=device)
    found = group_sum(there, Groups(group, count))
    weight = torch.arange(count * d, dtype=torch.float64, device=device).view(count, d)
    (got,) = torch.autograd.grad((found * weight).sum(), there)
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(got, weight[group])


@settings(max_examples=60)
@given(n=st.integers(1, 7), count=st.integers(0, 15), seed=st.integers(0, 10_000), drop=st.booleans())
def test_only_edges_that_go_both_ways_are_their_own_reverse(n: int, count: int, seed: int, drop: bool) -> None:
    edge_index = edges_of(n, count, seed, "sorted both")
    if drop:
        edge_index = edge_index[:, 1:]
    counted = np.zeros((n, n), dtype=int)
    np.add.at(counted, tuple(edge_index.numpy()), 1)
    neighbours = Neighbours(edge_index, n)
    assert neighbours.both_ways == (counted == counted.T).all()
    assert (neighbours.hearers is neighbours.heard) == neighbours.both_ways


def test_edges_out_of_order_are_not_taken_for_their_own_reverse() -> None:
    # In both directions, but those that leave node 0 are apart.
    assert not Neighbours(torch.tensor([[0, 1, 0, 2], [1, 0, 2, 0]]), 3).both_ways
