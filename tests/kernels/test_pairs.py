import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.kernels.pairs import Pairs, pair_dot, pair_sum, sum_by_target
from seeded import gen


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(0, 15), st.sampled_from(["source", "target", "neither"]))
def test_equals_loops_with_gradients(seed: int, n: int, pairs: int, by: str) -> None:
    generator = gen(seed)
    q, k = (torch.randn(n, 3, generator=generator, dtype=torch.float64, requires_grad=True) for _ in range(2))
    weight = torch.randn(pairs, generator=generator, dtype=torch.float64, requires_grad=True)
    source, target = torch.randint(n, (2, pairs), generator=generator)
    if by != "neither":
        order = torch.argsort(source if by == "source" else target)
        source, target = source[order], target[order]
    listed = Pairs(source, target, n)
    dots = pair_dot(q, k, listed)
    total = pair_sum(weight, k, listed)
    if pairs:
        assert torch.autograd.gradcheck(lambda a, b: pair_dot(a, b, listed), (q, k))
        assert torch.autograd.gradcheck(lambda a, b: pair_sum(a, b, listed), (weight, k))
    assert dots.shape == (pairs,)
    expected, by_target = torch.zeros(n, 3, dtype=torch.float64), torch.zeros(n, dtype=torch.float64)
    for p in range(pairs):
        assert dots[p].item() == pytest.approx((q[target[p]] @ k[source[p]]).item())
        expected[target[p]] += weight[p].detach() * k[source[p]].detach()
        by_target[target[p]] += weight[p].detach()
    torch.testing.assert_close(total.detach(), expected)
    torch.testing.assert_close(sum_by_target(weight.detach(), target, n), by_target)


def test_many_pairs_of_few_rows_need_no_memory_of_pairs_times_width() -> None:
    # The saved tensors are what a backward pass holds: rows and pairs, no gathered [pairs, width].
    n, d, pairs = 20, 64, 5000
    z = torch.randn(n, d, generator=gen(), requires_grad=True)
    weight = torch.ones(pairs, requires_grad=True)
    source, target = torch.randint(n, (2, pairs), generator=gen(1))
    saved = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        saved.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        listed = Pairs(source, target, n)
        pair_sum(pair_dot(z, z, listed) * weight, z, listed)
    assert max(saved) <= max(n * d, pairs)
