"""The compiled machine against scikit-learn's SVC: coefficients, thresholds, steps and classes."""

import os
import platform
import subprocess
import sys
import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

from relamp.kernels import smo
from relamp.kernels.smo import classify, decide, fit

C_GRID = (1e-3, 0.1, 1.0, 100.0, 1e3)
# On others SVC's own products and sums may be fused.
SAME_BITS = platform.machine() == "x86_64"
KERNELS = ("one class far", "twins", "constant", "zero", "indefinite", "small integers", "blocks", "tiny values")


def kernel_of(kind: str, label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A kernel among samples, of which those without a label (-1) are to be classified."""
    n = len(label)
    x = rng.normal(size=(n, 5))
    match kind:
        case "one class far":
            return rbf_kernel(x + 2 * (label == 0)[:, None], gamma=0.1)
        case "twins":
            return rbf_kernel(x[rng.integers(n // 4, size=n)])
        case "constant":
            return np.full((n, n), 2.5)
        case "zero":
            return np.zeros((n, n))
        case "indefinite":
            return x @ rng.normal(size=(5, 5)) @ x.T + x @ x.T
        case "small integers":
            whole = rng.integers(3, size=(n, 5)).astype(float)
            return whole @ whole.T
        case "blocks":
            return np.equal.outer(group := rng.integers(5, size=n), group).astype(float)
    return 1e-12 * rbf_kernel(x)


def compare(kernel: np.ndarray, label: np.ndarray, m: int, C: float, most: int = 20_000) -> int:
    """Hold both machines against each other, fitted on all but the last m samples; return the most steps of a fit."""
    n = len(kernel) - m
    order = np.argsort(label[:n], kind="stable")
    rows, y = kernel[np.ix_(order, order)].astype(np.float32), label[:n][order]
    diagonal, before = kernel.diagonal()[order].copy(), rows.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        svc = SVC(kernel="precomputed", C=C, max_iter=most).fit(kernel[:n, :n], label[:n])
    if svc.fit_status_:  # it would not end, or not soon
        return 0
    across = np.ascontiguousarray(kernel[n:, order].T)
    (found,) = classify(rows, diagonal, across, y, [C])
    np.testing.assert_array_equal(found, svc.predict(kernel[n:, :n]))
    np.testing.assert_array_equal(rows, before)
    classes, steps = np.unique(y), []
    dense = np.zeros((len(classes) - 1, n))
    dense[:, svc.support_] = svc._dual_coef_
    for number, (a, b) in enumerate(combinations(range(len(classes)), 2)):
        first, second = np.flatnonzero(y == classes[a]), np.flatnonzero(y == classes[b])
        both = np.concatenate((first, second))
        sign = np.repeat((1.0, -1.0), (len(first), len(second)))
        coefficients, threshold, each = fit(rows[np.ix_(both, both)], diagonal[both], sign, C)
        steps.append(each)
        if SAME_BITS:
            expected = np.concatenate((dense[b - 1, order[first]], dense[a, order[second]]))
            np.testing.assert_array_equal(coefficients, expected)
            assert (threshold, each) == (-svc._intercept_[number], svc.n_iter_[number])
    return max(steps)


@pytest.mark.parametrize("C", C_GRID)
@pytest.mark.parametrize("kind", KERNELS)
def test_equals_svc(kind: str, C: float) -> None:
    rng = np.random.default_rng(0)
    for n, classes in ((2, 2), (7, 3), (80, 2), (150, 6)):
        odds = rng.dirichlet(np.ones(classes))
        label = np.concatenate((np.arange(classes), rng.choice(classes, n + 20 - classes, p=odds)))
        compare(kernel_of(kind, label, rng), label, 20, C)


@pytest.mark.parametrize(("n", "C"), [(300, 1e3), (1_300, 1e2)])
def test_equals_svc_where_much_is_shrunk_and_comes_back(n: int, C: float) -> None:
    rng = np.random.default_rng(1)
    x = np.exp(rng.normal(size=(n + 50, 8)))
    label = (np.log(x).sum(1) + 2 * rng.normal(size=n + 50) > 0).astype(int)
    kernel = rbf_kernel(x, gamma=0.02)
    shrunk = []

    def spy(kernel: smo._Kernel, samples: smo._Samples, gain: np.ndarray, C: float) -> tuple[float, int]:
        done = solve(kernel, samples, gain, C)
        shrunk.append(kernel.made[0])
        return done

    solve = smo._solve
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(smo, "_solve", spy)
        assert compare(kernel, label, 50, C, 10**6) > 5 * min(n, 1_000)
    assert min(shrunk) > n / 2


def test_a_pair_by_hand() -> None:
    # Both alphas grow together to 1 / (1 - k): the margin of both is then 1.
    coefficients, threshold, steps = fit(np.array([[1, 0.5], [0.5, 1]], np.float32), np.ones(2), np.array([1.0, -1]), 9)
    assert (list(coefficients), threshold, steps) == ([2.0, -2.0], 0.0, 1)


def test_decisions_add_up_in_the_order_of_the_samples() -> None:
    rng = np.random.default_rng(0)
    coefficients, across = rng.normal(size=(3, 40)) * (rng.random((3, 40)) < 0.7), rng.normal(size=(40, 11))
    slow = [
        [sum((w * k for w, k in zip(c, column, strict=True)), start=0.0) for column in across.T] for c in coefficients
    ]
    np.testing.assert_array_equal(decide(coefficients, across), slow)


TWICE = """
from relamp.kernels.smo import compiled

@compiled("float64(float64)")
def twice(x):
    return 2 * x

if __name__ == "__main__":
    import twice as module
    print(module.twice(21.0), sum(module.twice.stats.cache_hits.values()))
"""


@pytest.mark.parametrize("folder", ["written", "forbidden", "damaged"])
def test_what_is_compiled_is_kept_where_that_can_be_written(folder: str, tmp_path: Path) -> None:
    script, beside, home = tmp_path / "twice.py", tmp_path / "__pycache__", tmp_path / "home"
    script.write_text(TWICE)
    if folder == "forbidden":
        for path in (beside, home):
            path.write_text("a file where a folder should be")
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}

    def run() -> str:
        command = [sys.executable, str(script)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout

    run()
    if folder == "damaged":
        for path in beside.glob("*.nb?"):
            path.write_bytes(path.read_bytes()[:50])
    assert run() == f"42.0 {int(folder == 'written')}\n"
