import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from gradients import check_gradients
from relamp.kernels import cross_sums
from relamp.kernels import log_sums as kernel
from relamp.loss import info_nce as info_nce_module
from relamp.loss.info_nce import cross_info_nce, info_nce, n_pair, node_info_nce_by_graph, node_objective
from relamp.loss.nt_xent import MIN_TEMPERATURE
from seeded import gen

E = math.e


def slow_info_nce(a: Tensor, b: Tensor, tau: float) -> Tensor:
    """Eq. 9 read aloud, row by row."""

    def weight(u: Tensor, v: Tensor) -> Tensor:
        return torch.exp((u @ v) / (u.norm() * v.norm()) / tau)

    losses = []
    for i in range(len(a)):
        denominator = sum(weight(a[i], a[j]) for j in range(len(a)) if j != i) + sum(weight(a[i], row) for row in b)
        losses.append(-torch.log(weight(a[i], b[i]) / denominator))
    return torch.stack(losses).mean()


def rows(n: int, d: int, seed: int) -> tuple[Tensor, Tensor]:
    generator = gen(seed)
    a, b = (torch.randn(n, d, generator=generator, dtype=torch.float64, requires_grad=True) for _ in range(2))
    return a, b


def test_info_nce_by_hand() -> None:
    # cosines between anchors: 0; anchor 0 with the positives: 1 and 0.6; anchor 1 with them: 0 and 0.8; tau = 1.
    a = torch.tensor([[2.0, 0.0], [0.0, 5.0]])
    b = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    first = -math.log(E / (1 + E + E**0.6))
    second = -math.log(E**0.8 / (1 + 1 + E**0.8))
    assert info_nce(a, b).item() == pytest.approx((first + second) / 2, abs=1e-6)
    # Exchanged: the positives have cosine 0.6 to each other.
    third = -math.log(E / (E**0.6 + E + 1))
    fourth = -math.log(E**0.8 / (E**0.6 + E**0.6 + E**0.8))
    expected = (first + second + third + fourth) / 4
    assert info_nce(a, b, directions="both").item() == pytest.approx(expected, abs=1e-6)
    assert node_objective(a, b, torch.tensor(-1.5)).item() == pytest.approx(expected - 1.5, abs=1e-6)


def test_temperature_by_hand() -> None:
    # One pair of opposite anchors that equal their positives, tau = 0.5: e^2 over e^-2 + e^2 + e^-2.
    a = torch.tensor([[1.0], [-3.0]])
    assert info_nce(a, a, 0.5).item() == pytest.approx(math.log(1 + 2 * E**-4), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 8),
    st.integers(2, 5),
    st.floats(0.05, 2),
    st.sampled_from(["both", "one"]),
    st.integers(1, 5),
    st.sampled_from([0, 200, 2**30]),
)
def test_equals_slow_implementation_with_gradients(seed, n, d, tau, directions, rows_at_once, kept) -> None:
    a, b = rows(n, d, seed)
    expected = slow_info_nce(a, b, tau)
    if directions == "both":
        expected = (expected + slow_info_nce(b, a, tau)) / 2
    expected_grads = torch.autograd.grad(expected, [a, b])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "ROWS_AT_ONCE", rows_at_once)
        patch.setattr(kernel, "MOST_KEPT", kept)
        actual = info_nce(a, b, tau, directions)
        actual_grads = torch.autograd.grad(actual, [a, b])
    assert actual.item() == pytest.approx(expected.item(), rel=1e-9, abs=1e-9)
    for got, wanted in zip(actual_grads, expected_grads, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-7, atol=1e-9)


def test_the_value_at_real_size() -> None:
    generator = gen()
    a, b = (torch.randn(1500, 8, generator=generator) for _ in range(2))
    h = F.normalize(torch.cat([a, b]).double(), dim=1)
    logits = (h @ h.T / 0.4).fill_diagonal_(-torch.inf)
    target = torch.arange(3000).roll(1500)
    assert info_nce(a, b, 0.4, "both").item() == pytest.approx(F.cross_entropy(logits, target).item(), rel=1e-5)


def test_mixed_labels_by_the_whole_matrix() -> None:
    a, b = rows(4, 3, 1)
    partner, share = torch.tensor([2, 0, 3, 1]), torch.tensor([0.75, 1.0, 0.5, 0.6], dtype=torch.float64)
    u, v = (F.normalize(x, dim=1) for x in (a, b))
    label = torch.diag(share)
    label[torch.arange(4), partner] += 1 - share
    expected = F.cross_entropy(u @ v.T / 0.7, label)
    found = n_pair(a, b, (partner, share), 0.7)
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)
    check_gradients(found, expected, (a, b))
    with pytest.raises(ValueError, match="below"):
        n_pair(a, b, (partner, share), MIN_TEMPERATURE / 2)


def test_single_precision_stays_finite() -> None:
    # The positive is opposite and so is all else but the anchors: the smallest denominator there is.
    a = torch.tensor([[1.0, 0.0]], requires_grad=True)
    value = info_nce(a, -a, MIN_TEMPERATURE)
    value.backward()
    assert value.item() == pytest.approx(0, abs=1e-4)
    assert a.grad.isfinite().all()
    with pytest.raises(ValueError, match="below"):
        info_nce(a, a, MIN_TEMPERATURE / 2)


def test_zero_embeddings_do_not_break_training() -> None:
    a = torch.zeros(4, 3, requires_grad=True)
    value = info_nce(a, torch.zeros(4, 3))
    value.backward()
    assert value.item() == pytest.approx(math.log(7))
    assert torch.isfinite(a.grad).all()


def slow_node_loss(a: Tensor, b: Tensor, graph: Tensor, tau: float) -> Tensor:
    """Eq. 9 and 10 within each graph, term by term."""
    graphs = []
    for g in graph.unique():
        x, y = a[graph == g], b[graph == g]
        nodes = []
        for anchor, other in ((x, y), (y, x)):
            for i in range(len(x)):
                terms = [F.cosine_similarity(anchor[i], anchor[j], dim=0) for j in range(len(x)) if j != i]
                terms += [F.cosine_similarity(anchor[i], other[j], dim=0) for j in range(len(x))]
                own = F.cosine_similarity(anchor[i], other[i], dim=0)
                nodes.append(torch.stack(terms).div(tau).exp().sum().log() - own / tau)
        graphs.append(torch.stack(nodes).mean())
    return torch.stack(graphs).mean()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(0, 1000), st.sampled_from([0.3, 1.0]))
def test_node_loss_within_graphs_equals_the_sum_term_by_term(sizes: list[int], seed: int, tau: float) -> None:
    graph = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
    a, b = (torch.randn(2, len(graph), 4, generator=gen(seed), dtype=torch.float64)).unbind()
    a.requires_grad_()
    fast, slow = node_info_nce_by_graph(a, b, graph, tau), slow_node_loss(a, b, graph, tau)
    torch.testing.assert_close(fast, slow)
    torch.testing.assert_close(torch.autograd.grad(fast, a), torch.autograd.grad(slow, a))


def test_node_loss_by_hand() -> None:
    # Two nodes of opposite directions, equal in both branches: -log(e / (1/e + e + 1/e)).
    z = torch.tensor([[1.0, 0], [-1, 0]])
    both = node_info_nce_by_graph(z, z, torch.tensor([0, 0]))
    torch.testing.assert_close(both, torch.tensor(math.log(1 + 2 * math.exp(-2))))
    # Alone in their graphs, each has no negative.
    assert node_info_nce_by_graph(z, z, torch.tensor([0, 1])).item() == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="underflows"):
        node_info_nce_by_graph(z, z, torch.tensor([0, 0]), 0.001)


@pytest.mark.parametrize("small", [0, 3, 9])
def test_node_loss_of_large_and_small_graphs(monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    monkeypatch.setattr(info_nce_module, "SMALL", small)
    # Graph 2 has no node.
    graph = torch.repeat_interleave(torch.tensor([0, 1, 3, 4, 5]), torch.tensor([4, 9, 1, 3, 4]))
    a, b = (torch.randn(2, len(graph), 5, generator=gen(), dtype=torch.float64)).unbind()
    for each in (a, b):
        each.requires_grad_()
    fast, slow = node_info_nce_by_graph(a, b, graph, 0.5), slow_node_loss(a, b, graph, 0.5)
    torch.testing.assert_close(fast, slow, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(torch.autograd.grad(fast, (a, b)), torch.autograd.grad(slow, (a, b)))


def test_a_second_backward_pass_finds_what_was_kept_unchanged() -> None:
    a, b = rows(6, 3, 2)
    graph = torch.tensor([0, 0, 0, 1, 1, 1])
    for value in (info_nce(a, b, 0.5, "both"), node_info_nce_by_graph(a, b, graph, 0.5)):
        first = torch.autograd.grad(value, (a, b), retain_graph=True)
        torch.testing.assert_close(torch.autograd.grad(value, (a, b)), first, rtol=0, atol=0)


def test_across_views_by_hand() -> None:
    # Cosines 1 and 0.6 in the first row, 0 and 0.8 in the second; the columns are 1 and 0, 0.6 and 0.8.
    a = torch.tensor([[2.0, 0.0], [0.0, 5.0]])
    b = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    by_row = math.log(1 + E**-0.4) + math.log(1 + E**-0.8)
    by_column = math.log(1 + E**-1) + math.log(1 + E**-0.2)
    assert cross_info_nce(a, b).item() == pytest.approx(by_row / 2, abs=1e-6)
    assert cross_info_nce(a, b, directions="both").item() == pytest.approx((by_row + by_column) / 4, abs=1e-6)
    # The second pair stands there three times.
    first, second = math.log(1 + 3 * E**-0.4), math.log(3 + E**-0.8)
    weighted = cross_info_nce(a, b, weight=torch.tensor([1.0, 3.0]))
    assert weighted.item() == pytest.approx((first + 3 * second) / 4, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 3), min_size=1, max_size=7),
    st.floats(0.05, 2),
    st.sampled_from(["both", "one"]),
    st.integers(1, 5),
    st.sampled_from([0, 200, 2**30]),
)
def test_across_views_equals_cross_entropy_of_repeated_rows(seed, times, tau, directions, rows_at_once, kept) -> None:
    a, b = rows(len(times), 3, seed)
    number = torch.tensor(times)
    x, y = (F.normalize(z, dim=1).repeat_interleave(number, 0) for z in (a, b))
    target = torch.arange(len(x))
    expected = F.cross_entropy(x @ y.T / tau, target)
    if directions == "both":
        expected = (expected + F.cross_entropy(y @ x.T / tau, target)) / 2
    weight = None if max(times) == 1 else number.double()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cross_sums, "ROWS_AT_ONCE", rows_at_once)
        patch.setattr(cross_sums, "MOST_KEPT", kept)
        actual = cross_info_nce(a, b, tau, directions, weight)
        grads = torch.autograd.grad(actual, [a, b])
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)
    for got, wanted in zip(grads, torch.autograd.grad(expected, [a, b]), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-7, atol=1e-9)


def repeated_loss(a: Tensor, b: Tensor, graph: Tensor, tau: float, contrast: str) -> Tensor:
    """What rows that are written out as often as they stand there give, graph by graph."""
    graphs = []
    for g in graph.unique():
        x, y = (F.normalize(z[graph == g], dim=1) for z in (a, b))
        target = torch.arange(len(x))
        if contrast == "across":
            graphs.append(F.cross_entropy(x @ y.T / tau, target))
        else:
            h = torch.cat([x, y])
            logits = (h @ h.T / tau).masked_fill(torch.eye(len(h), dtype=torch.bool), -torch.inf)
            graphs.append(F.cross_entropy(logits, torch.cat([target + len(x), target])))
    return torch.stack(graphs).mean()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.integers(1, 4), min_size=1, max_size=5), min_size=1, max_size=5),
    st.integers(0, 1000),
    st.sampled_from([0.3, 1.0]),
    st.sampled_from(["all", "across"]),
    st.sampled_from([0, 2, 128]),
)
def test_a_weight_is_a_number_of_copies(times: list[list[int]], seed: int, tau: float, contrast: str, small) -> None:
    graph = torch.repeat_interleave(torch.arange(len(times)), torch.tensor([len(part) for part in times]))
    number = torch.tensor([n for part in times for n in part])
    a, b = rows(len(number), 4, seed)
    x, y, owner = (z.repeat_interleave(number, 0) for z in (a, b, graph))
    slow = repeated_loss(x, y, owner, tau, contrast)
    weight = None if number.max() == 1 else number.double()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(info_nce_module, "SMALL", small)
        patch.setattr(kernel, "ROWS_AT_ONCE", 2)
        fast = node_info_nce_by_graph(a, b, graph, tau, contrast, weight)
        grads = torch.autograd.grad(fast, (a, b))
    torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(grads, torch.autograd.grad(slow, (a, b)), rtol=1e-7, atol=1e-9)
