from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

from relamp.errors import RelampError
from relamp.evaluate import linear_svm
from relamp.evaluate.linear_svm import fit_linear, predict_linear

Floats = NDArray[np.float64]


def objective(w: Floats, x: Floats, sign: Floats, C: float) -> float:
    hinge = np.maximum(0, 1 - sign * (x @ w))
    return float(w @ w / 2 + C * hinge @ hinge)


def gradient(w: Floats, x: Floats, sign: Floats, C: float) -> Floats:
    found: Floats = w - 2 * C * x.T @ (sign * np.maximum(0, 1 - sign * (x @ w)))
    return found


def problem(seed: int, n: int = 30, d: int = 5, scale: float = 1.0) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    x = scale * rng.normal(size=(n, d))
    return x, np.where(x[:, 0] + scale * rng.normal(size=n) > 0, 1.0, -1.0)


def assert_no_gradient(w: Floats, x: Floats, sign: Floats, C: float) -> None:
    """Hold the gradient at w to 1e-11 of what it is summed from at w and at 0."""
    terms = np.abs(w).max() + 2 * C * np.abs(x).sum(axis=0).max()
    assert np.abs(gradient(w, x, sign, C)).max() <= 1e-11 * terms


def grid(seed: int, n: int, d: int) -> tuple[Floats, Floats]:
    """Draw halves from -1 to 1, of which samples are alike and many end up on the margin, with signs by a coin."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-2, 3, size=(n, d)) / 2
    return x[rng.integers(0, max(1, 2 * n // 3), size=n)], rng.choice([-1.0, 1.0], size=n)


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
def test_two_points_by_hand(C: float) -> None:
    # Of w^2 / 2 + 2 C (1 - w)^2 the least is where w = 4 C (1 - w).
    x, sign = np.array([[1.0], [-1.0]]), np.array([1.0, -1.0])
    assert fit_linear(x, sign, C, np.zeros(1)) == pytest.approx(4 * C / (1 + 4 * C))


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 40),
    st.integers(1, 12),
    st.sampled_from([1e-3, 1.0, 1e3]),
    st.sampled_from([1e-3, 1.0, 30.0]),
)
def test_at_the_optimum_the_gradient_is_nothing_whatever_the_start(
    seed: int, n: int, d: int, C: float, scale: float
) -> None:
    x, sign = problem(seed, n, d, scale)
    rng = np.random.default_rng(seed)
    first = fit_linear(x, sign, C, np.zeros(d))
    second = fit_linear(x, sign, C, rng.normal(size=d) / scale)
    size = 1 + np.abs(gradient(np.zeros(d), x, sign, C)).max()
    assert np.abs(gradient(first, x, sign, C)).max() <= 1e-9 * size
    assert second == pytest.approx(first, rel=1e-6, abs=1e-9 / scale)


def test_a_sample_on_the_margin_is_no_reason_to_leave_the_optimum() -> None:
    # At the optimum, (-8/9, -2/9), the last sample lies on the margin, and rounding takes it in and out.
    x = np.array([[-1, 2], [2, 2], [0, 2], [1, 1], [1, 0], [2, 1]]) / 2
    sign = np.array([1.0, -1.0, -1.0, -1.0, -1.0, -1.0])
    found = fit_linear(x, sign, 0.5, np.zeros(2))
    assert found == pytest.approx([-8 / 9, -2 / 9], abs=1e-12)
    assert gradient(found, x, sign, 0.5) == pytest.approx([0, 0], abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 40),
    st.integers(1, 12),
    st.sampled_from([1e-3, 0.1, 0.5, 1.0, 4.0, 1e3]),
    st.sampled_from([1e-3, 1.0, 30.0]),
)
def test_further_samples_on_the_margin_change_nothing(seed: int, n: int, d: int, C: float, scale: float) -> None:
    x, sign = grid(seed, n, d)
    x, rng = scale * x, np.random.default_rng(seed)
    w = fit_linear(x, sign, C, np.zeros(d))
    assert_no_gradient(w, x, sign, C)
    if np.linalg.norm(w) <= 1e-6 * min(2 * C * np.abs(x).sum(), 1 / scale):
        return  # w is 0 but for rounding, and has no margin
    # Of these, w.x is 1 but for rounding. The last is there twice.
    across = scale * rng.normal(size=(5, d))
    on = (w - np.outer(across @ w, w)) / (w @ w) + across
    on, label = on[[0, 1, 2, 3, 4, 4]], rng.choice([-1.0, 1.0], size=6)
    more, signs = np.vstack([x, label[:, None] * on]), np.append(sign, label)
    # Where w is small these samples are large, and each adds what w.x is off 1 by rounding.
    off = max(1e-6 * np.abs(w).max(), 1e-15 * 2 * C * np.abs(more).sum())
    for start in (np.zeros(d), w, rng.normal(size=d) / scale):
        found = fit_linear(more, signs, C, start)
        assert_no_gradient(found, more, signs, C)
        assert found == pytest.approx(w, rel=1e-6, abs=off)


def exact_minimum(x: Floats, sign: Floats, C: float) -> list[float]:
    """Return the minimum by fractions: of the quadratics for all sets of samples, the one whose own set is its own."""
    rows = [[Fraction(s) * Fraction(value) for value in row] for row, s in zip(x.tolist(), sign.tolist(), strict=True)]
    axes = range(x.shape[1])
    for inside in product([False, True], repeat=len(rows)):
        near = [row for row, taken in zip(rows, inside, strict=True) if taken]
        equations = [
            [(a == b) + 2 * Fraction(C) * sum(row[a] * row[b] for row in near) for b in axes]
            + [2 * Fraction(C) * sum(row[a] for row in near)]
            for a in axes
        ]
        for a in axes:  # Gauss and Jordan; the matrix is positive definite, no pivot is 0
            equations[a] = [value / equations[a][a] for value in equations[a]]
            for b in axes:
                if b != a:
                    equations[b] = [v - equations[b][a] * u for v, u in zip(equations[b], equations[a], strict=True)]
        w = [row[-1] for row in equations]
        gaps = [1 - sum(u * v for u, v in zip(row, w, strict=True)) for row in rows]
        if all(gap >= 0 if taken else gap <= 0 for gap, taken in zip(gaps, inside, strict=True)):
            return [float(value) for value in w]
    raise AssertionError("there is always one")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 3), st.sampled_from([0.125, 0.5, 1.0, 4.0]))
def test_it_is_the_minimum_that_fractions_find(seed: int, n: int, d: int, C: float) -> None:
    x, sign = grid(seed, n, d)
    exact = exact_minimum(x, sign, C)
    assert fit_linear(x, sign, C, np.zeros(d)) == pytest.approx(exact, rel=1e-12, abs=1e-12)
    assert fit_linear(x, sign, C, np.array(exact)) == pytest.approx(exact, rel=1e-12, abs=1e-12)


def test_it_says_so_if_the_gradient_does_not_become_small(monkeypatch: pytest.MonkeyPatch) -> None:
    x, sign = problem(3)
    monkeypatch.setattr(linear_svm, "MOST_STEPS", 2)
    with pytest.raises(RelampError, match="C = 10 finds no optimum"):
        fit_linear(x, sign, 10.0, np.zeros(5))


def test_it_says_so_if_the_equations_are_singular_to_64_bits() -> None:
    # 2 C x^2 is 2^70, beside which |w|^2 is lost; powers of two, so that no kernel rounds the pivot away from 0.
    x = np.full((1, 2), 2.0**30)
    with pytest.raises(RelampError, match="C = 512 finds no optimum"):
        fit_linear(x, np.ones(1), 512.0, np.zeros(2))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([(40, 6), (12, 30)]))
def test_turning_the_features_and_ordering_the_samples_changes_nothing(seed: int, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(seed)
    n, d = shape
    x, y = rng.normal(size=(n + 10, d)), rng.permutation(np.arange(n) % 3)
    turned = x @ np.linalg.qr(rng.normal(size=(d, d)))[0]
    order = rng.permutation(n)
    C = (0.01, 1.0, 10.0)
    found = predict_linear(x[:n], y, x[n:], C)
    assert np.mean(found == predict_linear(turned[:n], y, turned[n:], C)) == 1
    assert np.mean(found == predict_linear(x[:n][order], y[order], x[n:], C)) == 1


def test_large_collinear_sums_are_solved_better_than_by_liblinear() -> None:
    # As sums over the nodes of graphs are: each feature nearly a multiple of the graph's size.
    rng = np.random.default_rng(0)
    size = rng.integers(5, 100, size=120)[:, None]
    x = size * (1 + 0.01 * rng.normal(size=(120, 40)))
    sign = np.where(rng.random(120) < 0.5, 1.0, -1.0)
    one = np.hstack([x, np.ones((120, 1))])
    machine = LinearSVC(C=1e3, dual=False, max_iter=20_000).fit(x, sign)
    theirs = objective(np.append(machine.coef_, machine.intercept_), one, sign, 1e3)
    mine = objective(fit_linear(one, sign, 1e3, np.zeros(41)), one, sign, 1e3)
    assert mine <= theirs * (1 + 1e-12)


def test_features_that_are_all_alike_leave_the_larger_class() -> None:
    x, y = np.full((9, 4), 1e6), np.array([0, 1, 1, 0, 1, 1, 1, 0, 1])
    assert predict_linear(x, y, x[:2], (1e-3, 1e3)).tolist() == [[1, 1], [1, 1]]
