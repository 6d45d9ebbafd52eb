import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import check_grad, minimize
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

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


@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
def test_two_points_by_hand(C: float) -> None:
    # Of w^2 / 2 + 2 C (1 - w)^2 the least is where w = 4 C (1 - w).
    x, sign = np.array([[1.0], [-1.0]]), np.array([1.0, -1.0])
    assert fit_linear(x, sign, C, np.zeros(1)) == pytest.approx(4 * C / (1 + 4 * C))


def test_the_tests_own_gradient_is_one() -> None:
    x, sign = problem(0)
    for w in np.random.default_rng(1).normal(size=(5, 5)):
        assert check_grad(objective, gradient, w, x, sign, 2.0) < 1e-4


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


def test_it_is_the_minimum_that_a_general_method_finds() -> None:
    x, sign = problem(3)
    found = minimize(objective, np.zeros(5), (x, sign, 10.0), "BFGS", gradient, options={"gtol": 1e-9})
    assert fit_linear(x, sign, 10.0, np.zeros(5)) == pytest.approx(found.x, abs=1e-6)


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


@pytest.mark.parametrize("classes", [2, 3])
def test_it_predicts_as_liblinear_does_where_that_reaches_the_optimum(classes: int) -> None:
    x, y = load_wine(return_X_y=True)
    x, y = StandardScaler().fit_transform(x)[y < classes], y[y < classes]
    train = np.arange(len(y)) % 3 > 0
    C = (1e-3, 1.0, 1e3)
    for c, found in zip(C, predict_linear(x[train], y[train], x, C), strict=True):
        machine = LinearSVC(C=c, dual=False, tol=1e-10, max_iter=10**6).fit(x[train], y[train])
        assert found.tolist() == machine.predict(x).tolist()


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
