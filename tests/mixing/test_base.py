import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing import cosine, dense, mixer, some
from seeded import gen


def test_binary_mix_by_hand() -> None:
    z = torch.tensor([[1.0, 0.0], [2.0, 0.1], [0.0, 3.0]], requires_grad=True)
    out = mixer("binary-mix", 2)(z)
    torch.testing.assert_close(out.z, torch.tensor([[1.5, 0.05], [1.5, 0.05], [1.0, 1.55]]))
    expected = torch.tensor([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0.5, 0.5]])
    torch.testing.assert_close(dense(out), expected)
    (grad,) = torch.autograd.grad(out.z.sum(), z)
    torch.testing.assert_close(grad, expected.sum(0)[:, None].expand(3, 2))
    assert torch.equal(mixer("binary-mix", 2)(z[:1]).z, z[:1])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 9), st.integers(1, 4))
def test_binary_mix_takes_the_most_similar_other_sample(seed: int, n: int, rows_at_once: int) -> None:
    z = some(n, 3, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("relamp.mixing.base.ROWS_AT_ONCE", rows_at_once)
        mixed = mixer("binary-mix")(z).z
    for i in range(n):
        partner = max((j for j in range(n) if j != i), key=lambda j, i=i: float(cosine(z[i], z[j])))
        torch.testing.assert_close(mixed[i], (z[i] + z[partner]) / 2)


def test_i_mix_mixes_pairs_and_tells_the_label() -> None:
    z = some(200, 3, 0)
    out = mixer("i-mix")(z, None, gen(5))
    partner, share = out.label
    assert sorted(partner.tolist()) == list(range(200))
    torch.testing.assert_close(out.z, share[:, None] * z + (1 - share)[:, None] * z[partner])
    torch.testing.assert_close(dense(out) @ z, out.z)
    # The larger of a uniform number and the rest, which is uniform too.
    assert 0.5 <= share.min() < 0.525
    assert 0.975 < share.max() <= 1
    assert abs(share.mean() - 0.75) < 0.05


def test_none_leaves_samples_alone() -> None:
    z = some(4, 3, 0)
    out = mixer("none")(z)
    assert out.z is z
    assert out.weights is None
    assert out.diversity.item() == 0
