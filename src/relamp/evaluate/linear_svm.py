"""The linear support vector machine with squared hinge loss, solved to its optimum by a finite Newton method.

liblinear, behind scikit-learn's LinearSVC, solves the same problem, but not on sums over the nodes of graphs: they are
large and nearly collinear, and at large C its conjugate gradients end short of the optimum after minutes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, qr, solve

from relamp.data.packed import Integers
from relamp.errors import RelampError

Floats = NDArray[np.float64]
# Newton's method needs some ten steps; a step more would show that the problem is not finite.
MOST_STEPS = 500
EPS = float(np.finfo(np.float64).eps)


def predict_linear(x: Floats, y: Integers, held: Floats, C: Sequence[float]) -> NDArray[Any]:
    """Fit a machine for each C, one class against the others if there are more than two, and predict.

    The machine minimises |w|^2 / 2 + C sum max(0, 1 - y w.x)^2, where x has a constant 1 behind its features, so that
    the offset is in w (Fan et al. 2008, LIBLINEAR, Eq. 2). The optimum is unique.

    From features `[n, d]` and classes `[n]`, two at least, it returns the classes of the `held` features `[m, d]` by
    each C, `[len(C), m]`. Raises RelampError if a machine has no optimum that numbers of 64 bits can tell.
    """
    inside = _with_one(x)
    axes = _principal_axes(inside)
    inside, across = inside @ axes, _with_one(held) @ axes
    classes = np.unique(y)
    positive = classes[1:] if len(classes) == 2 else classes
    weights = [np.zeros(inside.shape[1])] * len(positive)
    predicted = np.empty((len(C), len(held)), dtype=classes.dtype)
    for row, c in enumerate(C):
        # The optimum at one C is a good start at the next.
        weights = [
            fit_linear(inside, np.where(y == one, 1.0, -1.0), c, start)
            for one, start in zip(positive, weights, strict=True)
        ]
        scores = across @ np.array(weights).T
        chosen = (scores[:, 0] > 0).astype(np.int64) if len(classes) == 2 else scores.argmax(axis=1)
        predicted[row] = classes[chosen]
    return predicted


def fit_linear(x: Floats, sign: Floats, C: float, start: Floats) -> Floats:
    """Return the minimum w `[d]` of |w|^2 / 2 + C sum max(0, 1 - sign x.w)^2; x is `[n, d]`, sign 1 or -1, `[n]`.

    Keerthi and DeCoste 2005 (A modified finite Newton method): where the samples within the margin stay the same, the
    objective is quadratic. Each step solves that of the current ones, and the least value on the way there is found
    exactly; the optimum is reached when a solution keeps them. It may start anywhere. Raises RelampError if there is no
    end of it, which can only come of rounding.
    """
    w, margin = start, sign * (x @ start)
    within = margin < 1
    for _ in range(MOST_STEPS):
        near = x[within]
        hessian = 2 * C * (near.T @ near)
        hessian[np.diag_indices_from(hessian)] += 1
        solved = solve(hessian, 2 * C * (near.T @ sign[within]), assume_a="pos", check_finite=False)
        ahead = sign * (x @ solved)
        if np.array_equal(ahead < 1, within):
            return solved
        way = solved - w
        step = _least_on_the_way(w, way, 1 - margin, ahead - margin, C)
        if step * np.abs(way).max() <= EPS * np.abs(w).max():
            return w  # at the optimum but for rounding, by which a sample on the margin enters and leaves it
        w = w + step * way
        margin = margin + step * (ahead - margin)
        within = margin < 1
    raise RelampError(f"svm: a linear machine at C = {C:g} finds no optimum; are the embeddings many orders apart?")


def _least_on_the_way(w: Floats, way: Floats, gap: Floats, growth: Floats, C: float) -> float:
    """Return the t of the least |w + t way|^2 / 2 + C sum max(0, gap - t growth)^2, if t > 0; else 0 or less.

    Its slope is linear between the places where a sample enters or leaves the margin, and grows throughout.
    """
    inside = (gap > 0) | ((gap == 0) & (growth < 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        place = gap / growth
    crossing = np.flatnonzero(np.isfinite(place) & (place > 0))
    crossing = crossing[np.argsort(place[crossing], kind="stable")]
    change = np.where(inside[crossing], -1.0, 1.0)
    u, v = gap[crossing], growth[crossing]
    constant = w @ way - 2 * C * (growth[inside] @ gap[inside] + np.concatenate([[0], np.cumsum(change * v * u)]))
    linear = way @ way + 2 * C * (growth[inside] @ growth[inside] + np.concatenate([[0], np.cumsum(change * v * v)]))
    root = -constant / linear
    ends = np.concatenate([place[crossing], [np.inf]])
    return float(root[np.argmax(root <= ends)])


def _with_one(x: Floats) -> Floats:
    return np.hstack([x, np.ones((len(x), 1))])


def _principal_axes(x: Floats) -> Floats:
    """Return orthonormal axes `[d, r]` that keep all of x, so that the problem is the same along them.

    Only its equations are better: columns are uncorrelated, and there are no more of them than samples. Those of large,
    collinear features are singular to 64 bits. Axes along which x is but rounding are left out.
    """
    basis = qr(x.T, mode="economic")[0] if len(x) < x.shape[1] else np.eye(x.shape[1])
    along = x @ basis
    size, axes = eigh(along.T @ along)
    kept: Floats = basis @ axes[:, size > size.max() * EPS * max(x.shape)]
    return kept
