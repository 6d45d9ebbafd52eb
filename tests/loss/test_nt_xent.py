import math

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from relamp.loss import nt_xent as loss_module
from relamp.loss.nt_xent import contrast, nt_xent
from seeded import gen


def slow_contrast(a: Tensor, b: Tensor, group: list[int], tau: float, both: bool) -> Tensor:
    """Eq. 3 and 20 read aloud: plain loops, no masks, no shared sums."""
    n = len(a)
    a = torch.stack([row / max(row.norm(), torch.tensor(1e-12)) for row in a])
    b = torch.stack([row / max(row.norm(), torch.tensor(1e-12)) for row in b])

    def one(u: Tensor, v: Tensor) -> list[Tensor]:
        terms = []
        for i in range(n):
            negatives = [torch.exp(u[i] @ v[j] / tau) for j in range(n) if group[j] != group[i]]
            if negatives:
                terms.append(-torch.log(torch.exp(u[i] @ v[i] / tau) / sum(negatives)))
        return terms

    terms = one(a, b) + (one(b, a) if both else [])
    return torch.stack(terms).mean() if terms else (a.sum() + b.sum()) * 0


def test_nt_xent_by_hand() -> None:
    # cosines: s11 = 1, s12 = 0, s21 = 0.6, s22 = 0.8; tau = 0.5
    z1 = torch.tensor([[2.0, 0.0], [0.6, 0.8]])
    z2 = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    one = ((0 - 1) / 0.5 + (0.6 - 0.8) / 0.5) / 2
    other = ((0.6 - 1) / 0.5 + (0 - 0.8) / 0.5) / 2
    assert nt_xent(z1, z2, 0.5, "one").item() == pytest.approx(one, abs=1e-6)
    assert nt_xent(z1, z2, 0.5, "both").item() == pytest.approx((one + other) / 2, abs=1e-6)


def test_local_loss_by_hand() -> None:
    # Nodes 0, 1 in graph 0 and node 2 in graph 1, all unit vectors on the axes; tau = 1.
    h = torch.eye(3)
    # Node 0: positive 1, only negative node 2 with similarity 0; node 2: negatives 0 and 1, both 0.
    expected = ((0 - 1) + (0 - 1) + (math.log(2) - 1)) / 3
    assert contrast(h, h, torch.tensor([0, 0, 1]), 1.0).item() == pytest.approx(expected, abs=1e-6)


@example(seed=0, n=9, d=2, tau=0.5150587829095926, directions="both", rows_at_once=1)  # of no short binary fraction
@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 9),
    st.integers(1, 5),
    st.floats(0.05, 2),
    st.sampled_from(["both", "one"]),
    st.integers(1, 4),
)
def test_equals_slow_implementation_with_gradients(seed, n, d, tau, directions, rows_at_once) -> None:
    generator = gen(seed)
    a = torch.randn(n, d, generator=generator, dtype=torch.float64, requires_grad=True)
    b = torch.randn(n, d, generator=generator, dtype=torch.float64, requires_grad=True)
    group = torch.randint(3, (n,), generator=generator).sort().values
    expected = slow_contrast(a, b, group.tolist(), tau, directions == "both")
    expected_grads = torch.autograd.grad(expected, [a, b])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("relamp.kernels.contrast.ROWS_AT_ONCE", rows_at_once)
        actual = contrast(a, b, group, tau, directions)
        actual_grads = torch.autograd.grad(actual, [a, b])
    assert actual.item() == pytest.approx(expected.item(), rel=1e-9, abs=1e-9)
    for got, wanted in zip(actual_grads, expected_grads, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-9)


def test_single_precision_stays_finite_at_the_lowest_temperature() -> None:
    a = torch.tensor([[1.0, 0.0], [-1.0, 0.0]], requires_grad=True)
    value = nt_xent(a, a, loss_module.MIN_TEMPERATURE)
    value.backward()
    assert value.item() == pytest.approx(-2 / loss_module.MIN_TEMPERATURE)
    assert torch.isfinite(a.grad).all()
    with pytest.raises(ValueError, match="below"):
        nt_xent(a, a, 0.001)


def test_zero_embeddings_do_not_break_training() -> None:
    a = torch.zeros(4, 3, requires_grad=True)
    value = nt_xent(a, torch.zeros(4, 3), 0.2)
    value.backward()
    assert value.item() == pytest.approx(math.log(3))
    assert torch.isfinite(a.grad).all()


def test_blocks_do_not_change_the_value_at_real_size() -> None:
    rng = np.random.default_rng(0)
    a, b = (torch.from_numpy(rng.normal(size=(2500, 16)).astype(np.float32)).requires_grad_() for _ in range(2))
    group = torch.arange(2500) // 18
    value = contrast(a, b, group, 0.2)
    value.backward()
    u, v = (torch.nn.functional.normalize(x.detach().double(), dim=1) for x in (a, b))
    similarity = u @ v.T / 0.2
    masked = similarity.masked_fill(group[:, None] == group, -torch.inf)
    expected = (masked.logsumexp(1) + masked.logsumexp(0)).mean() / 2 - similarity.diagonal().mean()
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)


def test_groups_that_are_not_together_are_refused() -> None:
    h = torch.eye(3)
    with pytest.raises(ValueError, match="groups do not ascend"):
        contrast(h, h, torch.tensor([0, 1, 0]), 1.0)
