"""Time predict_linear against scikit-learn's LinearSVC for all C: `python benchmarks/bench_linear_svm.py`.

Both run on one core and minimise the same objective, whose values at the largest C are compared. Standardised features
are easy for both; sums over the nodes of graphs, as sum pooling gives, are large and nearly collinear.
"""

import time
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from relamp.evaluate.linear_svm import fit_linear, predict_linear
from relamp.settings.evaluation import SvmProtocol

C_GRID = SvmProtocol().C


def sums(graphs: int, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Sum rectified random features over some twenty of two kinds of digits; every third label is a coin's."""
    rng = np.random.default_rng(0)
    digits = load_digits()
    hidden = np.maximum(digits.data @ rng.normal(size=(64, dimension)), 0) / 100
    y = rng.integers(2, size=graphs)
    members = [np.flatnonzero(digits.target < 6), np.flatnonzero(digits.target > 3)]
    x = np.array([hidden[rng.choice(members[kind], rng.geometric(1 / 20) + 2)].sum(axis=0) for kind in y])
    return x, np.where(rng.random(graphs) < 1 / 3, rng.integers(2, size=graphs), y)


def objective(w: np.ndarray, x: np.ndarray, y: np.ndarray, C: float) -> float:
    hinge = np.maximum(0, 1 - np.where(y == 1, 1, -1) * (x @ w))
    return float(w @ w / 2 + C * hinge @ hinge)


def main() -> None:
    digits = load_digits()
    two = digits.target < 2
    cases = {
        "digits 0 and 1, 360 x 64": (StandardScaler().fit_transform(digits.data[two]), digits.target[two]),
        "sums 188 x 128": sums(188, 128),
        "sums 1000 x 128": sums(1000, 128),
        "sums 1000 x 512": sums(1000, 512),
    }
    for name, (x, y) in cases.items():
        start = time.perf_counter()
        predict_linear(x, y, x, C_GRID)
        fast = time.perf_counter() - start
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged is what is measured
            machines = [LinearSVC(C=c, dual=False, max_iter=10_000).fit(x, y) for c in C_GRID]
        other = time.perf_counter() - start
        one = np.hstack([x, np.ones((len(x), 1))])
        theirs = objective(np.append(machines[-1].coef_, machines[-1].intercept_), one, y, C_GRID[-1])
        sign, start_at = np.where(y == 1, 1.0, -1.0), np.zeros(one.shape[1])
        mine = objective(fit_linear(one, sign, C_GRID[-1], start_at), one, y, C_GRID[-1])
        print(
            f"{name:26} relamp {fast:7.3f} s   LinearSVC {other:8.3f} s   ratio {other / fast:6.1f}   "
            f"objective at C = 1000: {theirs / mine - 1:.1e} above relamp's",
            flush=True,
        )


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
