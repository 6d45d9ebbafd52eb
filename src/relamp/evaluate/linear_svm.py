"""The linear support vector machine with squared hinge loss, solved to its optimum by a finite Newton method.

liblinear, behind scikit-learn's LinearSVC, solves the same problem, but not on sums over the nodes of graphs: they are
large and nearly collinear, and at large C its conjugate gradients end short of the optimum after minutes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh, qr

from relamp.data.packed import Integers
from relamp.errors import RelampError

Floats = NDArray[np.float64]
# Newton's method needs some ten steps; some hundred from 0, if C is large and the classes can just be told apart.
MOST_STEPS = 2000
EPS, TINY, FARTHEST = (float(getattr(np.finfo(np.float64), name)) for name in ("eps", "tiny", "max"))
# Rounding puts a sum out by some EPS of the sizes of its terms. A gradient is small below the first part of them: 1 EPS
# was left of it as a rule, and 11 with 30,000 samples. A gap may be 0 below the second.
SMALL, ON_MARGIN = 64 * EPS, 8 * EPS


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
    objective is quadratic. Each step goes towards the minimum for the current ones, to the least value on the way,
    which is found exactly. It ends where the gradient is small and w the minimum for the samples within. One that lies
    on the margin, where rounding decides, may never let it be that; then it ends where the gradient, once small,
    becomes no smaller. It may start anywhere. Raises RelampError if the gradient does not become small.
    """
    w, magnitude = start, np.abs(x)
    solved = np.zeros(0, dtype=bool)  # the samples that w is the minimum for, if there are such
    best, least = w, np.inf
    for _ in range(MOST_STEPS):
        gap, within, left = _look(w, x, magnitude, sign, C)
        if left > least:
            return best
        if left <= SMALL and (left == least or np.array_equal(within, solved)):
            return w
        if left <= SMALL:
            best, least = w, left
        minimum = _quadratic_minimum(x[within], sign[within], C)
        way = minimum - w
        step = _least_on_the_way(way, gap, sign * (x @ way), within, C)
        ahead = minimum if step == 1 else w + step * way
        if left > SMALL and np.array_equal(ahead, w):
            break  # and so would every further step be lost
        w, solved = ahead, within if step == 1 else solved[:0]
    raise _no_optimum(C)


def _look(w: Floats, x: Floats, magnitude: Floats, sign: Floats, C: float) -> tuple[Floats, NDArray[np.bool_], float]:
    """Return the gaps 1 - sign x.w `[n]`, which samples are within the margin `[n]`, and what is left of the gradient.

    That is its largest entry, each in parts of the sizes of the terms it is summed from, but EPS at least; `magnitude`
    is |x|. A sample that may be on the margin counts as within. If it did not and came in, it would stop the next step
    at once, perhaps before w changes; if it does and leaves, the step only becomes longer.
    """
    gap = 1 - sign * (x @ w)
    size = 1 + magnitude @ np.abs(w)
    within = gap > -ON_MARGIN * size
    near = x[within]
    gradient = w - 2 * C * ((sign[within] * np.maximum(gap[within], 0)) @ near)
    sizes = np.abs(w) + 2 * C * (size[within] @ np.abs(near))
    return gap, within, float(np.maximum(np.max(np.abs(gradient) / np.maximum(sizes, TINY)), EPS))


def _quadratic_minimum(x: Floats, sign: Floats, C: float) -> Floats:
    """Return the minimum w of |w|^2 / 2 + C sum (1 - sign x.w)^2."""
    hessian = 2 * C * (x.T @ x)
    hessian[np.diag_indices_from(hessian)] += 1
    try:
        factor = cho_factor(hessian, overwrite_a=True, check_finite=False)
    except LinAlgError as error:  # the 1 that was added is lost in rounding
        raise _no_optimum(C) from error
    return cho_solve(factor, 2 * C * (sign @ x), overwrite_b=True, check_finite=False)


def _least_on_the_way(way: Floats, gap: Floats, growth: Floats, within: NDArray[np.bool_], C: float) -> float:
    """Return the t > 0 at which |w + t way|^2 / 2 + C sum max(0, gap - t growth)^2 is least.

    For the samples within, the minimum is at t = 1: the slope starts as curvature (t - 1), with the curvature of their
    objective. From the place on where a sample leaves or enters the margin, 2 C growth^2 (t - place) is taken off or
    added. The slope is below 0 at 0 and grows throughout, and both hold after rounding too; it would not be so if it
    were computed from the gradient, whose terms cancel.
    """
    crossing = np.flatnonzero(np.where(within, growth > 0, growth < 0))
    with np.errstate(over="ignore"):
        place = np.clip(gap[crossing] / growth[crossing], 0, FARTHEST)
    if np.all(place >= 1):
        return 1.0
    order = np.argsort(place, kind="stable")
    crossing, place = crossing[order], place[order]
    change = np.where(within[crossing], -2 * C, 2 * C) * growth[crossing] ** 2
    least = way @ way
    curvature = least + 2 * C * (growth[within] @ growth[within])
    # Between two places the slope is linear t - constant.
    linear = np.maximum(curvature + np.concatenate([[0], np.cumsum(change)]), least)
    constant = curvature + np.concatenate([[0], np.cumsum(change * place)])
    root = constant / linear
    return float(root[np.argmax(root <= np.concatenate([place, [np.inf]]))])


def _no_optimum(C: float) -> RelampError:
    return RelampError(f"svm: a linear machine at C = {C:g} finds no optimum; are the embeddings many orders apart?")


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
    return basis @ axes[:, size > size.max() * EPS * max(x.shape)]
