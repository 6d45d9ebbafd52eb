import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mixing import complete, cosine, dense, index, mixer, random_edges, slow_mix, some
from relamp.mixing import similarity as mix
from relamp.mixing.similarity import MixSettings, make_mixer, mixing_mlp
from seeded import gen

SIMILARITY = ("mo-mix", "mp-mix", "mp-mix-nodiv", "random-mix")
E = math.e


def test_mo_mix_by_hand() -> None:
    # Cosines of sample 0: 1 to sample 1 and 0 to sample 2; of 1 likewise; of 2: 0 to both.
    z = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]], dtype=torch.float64)
    edges = index(complete(3))
    near, far = 0.8 * E / (E + 1), 0.8 / (E + 1)
    out = mixer("mo-mix", 2)(z, edges)
    expected = [[0.2, near, far], [near, 0.2, far], [0.4, 0.4, 0.2]]
    torch.testing.assert_close(dense(out), torch.tensor(expected, dtype=torch.float64))
    torch.testing.assert_close(out.z[0], torch.tensor([0.2 + 2 * near, 3 * far], dtype=torch.float64))
    assert out.diversity.item() == 0
    # Eq. 7 with the sample itself in the denominator: weights no longer sum to 1.
    row = dense(mixer("mo-mix", 2, denominator="all")(z, edges))[0]
    torch.testing.assert_close(row, torch.tensor([0.2, 0.8 * E / (2 * E + 1), 0.8 / (2 * E + 1)], dtype=torch.float64))
    # Eq. 5 alone.
    row = dense(mixer("mo-mix", 2, constant=None)(z, edges))[0]
    torch.testing.assert_close(row, torch.tensor([E, E, 1.0], dtype=torch.float64) / (2 * E + 1))


def test_mp_mix_by_hand() -> None:
    # Queries are the samples, keys are turned by a quarter: every sample is most alike the one a quarter before it.
    model = mixer("mp-mix", 2).eval()
    model.query.weight.data = torch.eye(2, dtype=torch.float64)
    model.key.weight.data = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64)
    z = torch.tensor([[1.0, 0.0], [0.0, 2.0]], dtype=torch.float64)  # keys (0, 1) and (-2, 0)
    out = model(z, index(complete(2)))
    # H(0, 0) = 0, H(0, 1) = -1; H(1, 0) = 1, H(1, 1) = 0
    expected = [[E / (E + 1), 1 / (E + 1)], [E / (E + 1), 1 / (E + 1)]]
    torch.testing.assert_close(dense(out), torch.tensor(expected, dtype=torch.float64))
    # Orthogonal projections: -|u - v|^2 = 2 * 0 - 2.
    assert out.diversity.item() == pytest.approx(-2)


def test_threshold_by_hand() -> None:
    # 0 and 1 are alike by 0.8, 2 stands alone.
    z = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, -1.0]], dtype=torch.float64)
    out = mixer("mo-mix", 2, scope="op", threshold=0.7)(z)
    expected = torch.tensor([[0.2, 0.8, 0], [0.8, 0.2, 0], [0, 0, 1]], dtype=torch.float64)
    torch.testing.assert_close(dense(out), expected)
    torch.testing.assert_close(out.z, expected @ z)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 6),
    st.sampled_from(["mo-mix", "mp-mix", "mp-mix-nodiv"]),
    st.sampled_from(["wp", "op"]),
    st.sampled_from(["others", "all"]),
    st.sampled_from([None, 0.0, 0.2, 0.7]),
    st.sampled_from([-1.0, -0.3, 0.2, 0.9, 1.0]),
    st.integers(1, 4),
)
def test_equals_slow_implementation_with_gradients(
    seed, n, name, scope, denominator, constant, threshold, at_once
) -> None:
    model = mixer(
        name, 3, seed, scope=scope, denominator=denominator, constant=constant, threshold=threshold, weight_dropout=0
    )
    z, edges = some(n, 3, seed).requires_grad_(), random_edges(n, seed)
    if seed % 3 == 0:
        edges += [(0, 0)]  # a self-loop in the data changes nothing
    expected, matrix = slow_mix(model, z, edges)
    pull = some(n, 3, seed + 1)
    inputs = [z, *model.parameters()]

    def grads(value: Tensor) -> list[Tensor]:
        return list(torch.autograd.grad((value * pull).sum(), inputs, allow_unused=True, materialize_grads=True))

    expected_grads = grads(expected)
    for rows in (at_once, 512):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(mix, "ROWS_AT_ONCE", rows)
            patch.setattr("relamp.kernels.pairs.PAIRS_AT_ONCE", rows)
            actual = model(z, index(edges))
            actual_grads = grads(actual.z)
        torch.testing.assert_close(actual.z, expected, rtol=1e-11, atol=1e-12)
        for got, wanted in zip(actual_grads, expected_grads, strict=True):
            torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-10)
    torch.testing.assert_close(dense(actual), matrix.detach(), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"scope": "op", "threshold": 0.2}], ids=["wp", "op"])
@pytest.mark.parametrize("name", ["mo-mix", "mp-mix"])
def test_single_precision_stays_within_1e_5_at_real_size(name, options) -> None:
    z, edges = some(700, 16, 0), index(random_edges(700, 0, 0.01))
    model = mixer(name, 16, **options).eval()
    double, single = model(z, edges).z, model.float()(z.float(), edges).z
    close = ((single - double).abs() < 1e-5).all(1)
    # Where a cosine lies at the threshold within single precision, either side is right.
    assert close.double().mean() > (0.99 if options else 0.9999)


@pytest.mark.parametrize("scope", ["wp", "op"])
@pytest.mark.parametrize("name", ["mo-mix", "mp-mix"])
@pytest.mark.parametrize("rows", [2, 512])
def test_gradcheck(name, scope, rows, monkeypatch) -> None:
    monkeypatch.setattr(mix, "ROWS_AT_ONCE", rows)
    model = mixer(name, 3, scope=scope, threshold=-0.2, denominator="all").eval()
    edges = index(random_edges(5, 1))
    weights = {key: value.detach().requires_grad_() for key, value in model.named_parameters()}

    def run(z: Tensor, *values: Tensor) -> tuple[Tensor, Tensor]:
        out = torch.func.functional_call(model, dict(zip(weights, values, strict=True)), (z, edges))
        return out.z, out.diversity + 0 * z.sum()

    assert torch.autograd.gradcheck(run, (some(5, 3, 0).requires_grad_(), *weights.values()))


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 9),
    st.sampled_from(SIMILARITY),
    st.sampled_from(["wp", "op"]),
    st.sampled_from([0.2, None]),
)
def test_weights_sum_to_one(seed, n, name, scope, constant) -> None:
    model = mixer(name, 3, seed, scope=scope, threshold=0.3, constant=constant).eval()
    edges = random_edges(n, seed)
    z = some(n, 3, seed)
    out = model(z, index(edges), gen(seed))
    weights = dense(out)
    assert weights.min() >= 0
    torch.testing.assert_close(weights.sum(1), torch.ones(n, dtype=torch.float64))
    torch.testing.assert_close(weights @ z, out.z)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["mo-mix", "mp-mix", "binary-mix"]), st.sampled_from(["wp", "op"]))
def test_permuted_samples_give_permuted_results(seed: int, name: str, scope: str) -> None:
    n = 7
    model = mixer(name, 3, seed, scope=scope, threshold=0.1).eval()
    z, edges = some(n, 3, seed), index(random_edges(n, seed))
    order = torch.randperm(n, generator=gen(seed))
    renamed = order.argsort()[edges]
    torch.testing.assert_close(model(z[order], renamed).z, model(z, edges).z[order])


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 7),
    st.sampled_from(["mo-mix", "mp-mix"]),
    st.sampled_from(["others", "all"]),
    st.sampled_from([0.2, None]),
)
def test_complete_graph_is_the_threshold_minus_one(seed, n, name, denominator, constant) -> None:
    z = some(n, 3, seed)
    if n > 2:
        z[1] = -z[0]  # whose cosine is -1, or by rounding less
    options = {"denominator": denominator, "constant": constant}
    near = mixer(name, 3, seed, **options).eval()(z, index(complete(n)))
    far = mixer(name, 3, seed, scope="op", threshold=-1, **options).eval()(z)
    torch.testing.assert_close(near.z, far.z)
    torch.testing.assert_close(near.diversity, far.diversity)
    torch.testing.assert_close(dense(near), dense(far))


@pytest.mark.parametrize("name", SIMILARITY)
def test_lone_samples_keep_themselves(name: str) -> None:
    z, edges = some(4, 3, 0), index([(0, 1), (1, 0), (2, 2)])
    out = mixer(name).eval()(z, edges, gen())
    torch.testing.assert_close(out.z[2:], z[2:])
    assert not torch.allclose(out.z[:2], z[:2])
    none = torch.zeros(2, 3, dtype=torch.float64)
    torch.testing.assert_close(mixer(name, scope="op").eval()(none, None, gen()).z, none)


def test_random_weights_come_from_the_generator_alone() -> None:
    z, edges = some(6, 3, 0), index(complete(6))
    for options in ({}, {"scope": "op", "threshold": -1}):
        model = mixer("random-mix", **options)
        first, again, other = model(z, edges, gen(1)), model(z, edges, gen(1)), model(z, edges, gen(2))
        assert torch.equal(first.z, again.z)
        assert not torch.allclose(first.z, other.z)
        assert torch.equal(dense(first), dense(model(-3 * z.flip(0), edges, gen(1))))
        with pytest.raises(ValueError, match="pass a generator"):
            model(z, edges)
    # Softmax of standard normal numbers: the logarithms' deviation within a row is theirs.
    big = dense(mixer("random-mix", scope="op", threshold=-1)(some(300, 3, 0), None, gen(0)))
    assert big.log().std(1).mean().item() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("scope", ["wp", "op"])
@pytest.mark.parametrize("rows", [3, 512])
def test_weight_dropout(scope, rows, monkeypatch) -> None:
    monkeypatch.setattr(mix, "ROWS_AT_ONCE", rows)
    z, edges = some(8, 3, 0).requires_grad_(), index(complete(8))
    model = mixer("mp-mix", scope=scope, threshold=-1, weight_dropout=0.25)
    with pytest.raises(ValueError, match="pass a generator"):
        model(z, edges)
    full = model.eval()(z, edges).z
    model.train()
    first = model(z, edges, gen(0))
    assert torch.equal(first.z, model(z, edges, gen(0)).z)
    assert not torch.allclose(first.z, full)
    random = gen(1)
    mean = torch.stack([model(z, edges, random).z.detach() for _ in range(300)]).mean(0)
    torch.testing.assert_close(mean, full, atol=0.12, rtol=0)
    # The same weights are dropped when the backward pass makes them again.
    assert torch.autograd.gradcheck(lambda x: model(x, edges, gen(0)).z, z)
    if first.weights is not None:
        kept, before = dense(first), dense(model.eval()(z, edges))
        dropped = kept == 0
        assert 0.05 < dropped.double().mean() < 0.5
        torch.testing.assert_close(kept[~dropped], before[~dropped] / 0.75)
    assert model.train()(z, edges, gen(0)).diversity.item() == pytest.approx(model.eval()(z, edges).diversity.item())
    assert torch.equal(mixer("mo-mix", weight_dropout=0.5)(z, edges).z, mixer("mo-mix", weight_dropout=0)(z, edges).z)


@pytest.mark.parametrize("scope", ["wp", "op"])
def test_no_gradient_through_the_scores_where_the_option_says_so(scope: str) -> None:
    edges = index(complete(5))
    options = {"scope": scope, "threshold": -1, "weight_dropout": 0}
    for name in ("mo-mix", "mp-mix"):
        z = some(5, 3, 0).requires_grad_()
        cut = mixer(name, score_gradient=False, **options)
        out = cut(z, edges)
        pull = some(5, 3, 1)
        # Weights are constants: the gradient is theirs alone.
        (grad,) = torch.autograd.grad((out.z * pull).sum(), z, retain_graph=True)
        torch.testing.assert_close(grad, dense(out).T @ pull)
        flowing = mixer(name, **options)(z, edges)
        torch.testing.assert_close(flowing.z, out.z)
        (full,) = torch.autograd.grad((flowing.z * pull).sum(), z, retain_graph=True)
        assert not torch.allclose(full, grad)
        if name == "mp-mix":
            maps = [cut.query.weight, cut.key.weight]
            through = torch.autograd.grad(out.z.sum(), maps, allow_unused=True, retain_graph=True)
            assert through == (None, None)
            # The diversity term still trains them.
            assert all(g.abs().sum() > 0 for g in torch.autograd.grad(out.diversity, maps))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 8), st.integers(2, 4))
def test_diversity(seed: int, n: int, d: int) -> None:
    z, edges = some(n, d, seed), index(random_edges(n, seed))
    model = mixer("mp-mix", d, seed).eval()
    slow = [2 * cosine(model.query.weight @ row, model.key.weight @ row) - 2 for row in z]
    value = model(z, edges).diversity.item()
    assert value == pytest.approx(sum(slow).item() / n)
    assert -4 - 1e-9 <= value <= 1e-9
    assert mixer("mp-mix", d, seed, diversity="together").eval()(z, edges).diversity.item() == pytest.approx(-value)
    assert mixer("mp-mix-nodiv", d, seed).eval()(z, edges).diversity.item() == 0
    # Least where the projections are opposite, and most where they are the same.
    for sign, expected in ((-1, -4), (1, 0)):
        model.key.weight.data = 2 * sign * model.query.weight.data
        assert model(z, edges).diversity.item() == pytest.approx(expected)


def test_adjacency_in_place_of_the_weights() -> None:
    # The path 0 - 1 - 2 with self-loops, degrees 2, 3, 2.
    z = some(3, 3, 0).requires_grad_()
    s = 1 / math.sqrt(6)
    expected = torch.tensor([[1 / 2, s, 0], [s, 1 / 3, s], [0, s, 1 / 2]], dtype=torch.float64)
    for name in ("mo-mix", "mp-mix"):
        model = mixer(name, operator="adjacency")
        out = model(z, index([(0, 1), (1, 0), (1, 2), (2, 1), (1, 1)]), gen(0))
        torch.testing.assert_close(dense(out), expected)
        torch.testing.assert_close(out.z, expected @ z)
        (grad,) = torch.autograd.grad(out.z.sum(), z, retain_graph=True)
        torch.testing.assert_close(grad, (expected.sum(0)[:, None]).expand(3, 3))
    assert out.diversity.item() < 0


def test_weights_for_pictures_are_left_out_of_large_batches() -> None:
    z = some(600, 3, 0)
    assert mixer("mo-mix", scope="op")(z).weights is None
    assert mixer("mo-mix", scope="op")(z[:500]).weights is not None
    assert not mixer("mo-mix")(z.requires_grad_(), index([(0, 1)])).weights.values.requires_grad


def test_refuses_unknown_names_and_missing_graphs() -> None:
    with pytest.raises(ValueError, match="choose one of none, mo-mix"):
        mixer("mixup")
    with pytest.raises(ValueError, match="pass edge_index"):
        mixer("mo-mix")(some(3, 3, 0))
    with pytest.raises(ValueError, match="pass a generator"):
        mixer("i-mix")(some(3, 3, 0))


def test_the_weights_of_mixers_and_the_mlp() -> None:
    first = make_mixer("mp-mix", 4, MixSettings(), gen(3))
    assert not torch.equal(first.query.weight, first.key.weight)
    assert [name for name, _ in first.named_parameters()] == ["query.weight", "key.weight"]
    assert all(not list(make_mixer(name, 4, MixSettings(), gen(0)).parameters()) for name in ("mo-mix", "random-mix"))
    g = mixing_mlp(4, gen(0))
    z = torch.randn(5, 4, generator=gen(0))
    h = z @ g[0].weight.T
    torch.testing.assert_close(g(z), torch.where(h > 0, h, 0.25 * h) @ g[2].weight.T)
