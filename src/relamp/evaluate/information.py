"""Estimates of what embeddings tell of classes, in nats: what a classifier can use, and mutual information.

With every graph equally likely and an encoder that draws nothing, mutual information depends on nothing but which
graphs have equal embeddings (`relamp.evaluate.collisions`). What can be told apart is not what can be used, so LAMP's
Theorem 4.1 is checked on usable information.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.special import digamma, expit, log_expit, logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC

from relamp.data.packed import Integers
from relamp.data.streams import stream_number
from relamp.errors import RelampError

Floats = NDArray[np.float64]
# From scores `[n, k]` to logarithms of the probabilities of the classes `[n, classes]`.
Calibration = Callable[[Floats], Floats]
_NEWTON_STEPS, _CONVERGED = 100, 1e-10
_CONSTANT = 1e-12  # of a column, beside its mean: rounding


@dataclass(frozen=True)
class Family:
    """A family V of classifiers.

    Attributes:
        scores: from rows to fit on, their classes, rows to score and the penalty C: scores `[n, k]`.
        calibrate: from scores of rows that were not fitted on, and their classes, to the way to probabilities.
    """

    scores: Callable[[Floats, Integers, Floats, float], Floats]
    calibrate: Callable[[Floats, Integers], Calibration]


def entropy(sizes: Integers) -> float:
    """Return the entropy of a partition into parts of these sizes, in nats."""
    share = sizes[sizes > 0] / sizes.sum()
    return float(-(share * np.log(share)).sum())


def usable_information(
    z: Floats, y: Integers, fold: Integers, seed: int, family: Family, C: Sequence[float], inner_folds: int
) -> Floats:
    """Return the usable information I_V(Z -> Y) by fold: H(Y) less the log-loss of graphs not fitted on (Xu 2020).

    Of embeddings `[G, D]`, classes and folds `[G]`; H(Y) is the entropy of all classes, so that a fold may be negative.
    Embeddings are standardised by the graphs fitted on, and brought to the ends of their range. In each fold C has the
    least log-loss on inner folds, the first one among equals. Raises RelampError where a class is too rare for the
    inner folds.
    """
    found = []
    for number in np.unique(fold):
        fit, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if (rarest := int(np.bincount(y[fit], minlength=y.max() + 1)[np.unique(y)].min())) < inner_folds:
            raise RelampError(
                f"usable information: outside fold {number} a class has {rarest} graphs, too few for {inner_folds} "
                "inner folds; lower inner_folds or leave the data set out"
            )
        drawn = stream_number(seed, "usable information", int(number))
        inner = list(StratifiedKFold(inner_folds, shuffle=True, random_state=drawn).split(z[fit], y[fit]))
        tried = [_out_of_fold(z[fit], y[fit], inner, family, c) for c in C]
        best = int(np.argmin([loss for loss, _ in tried]))
        scores = _scores(family, z, y, fit, test, C[best])
        found.append(entropy(np.bincount(y)) - _log_loss(tried[best][1](scores), y[test]))
    return np.array(found)


def _out_of_fold(
    z: Floats, y: Integers, inner: Sequence[tuple[Integers, Integers]], family: Family, C: float
) -> tuple[float, Calibration]:
    """Return the log-loss of scores that no graph was fitted for, and their calibration."""
    parts = [_scores(family, z, y, fit, held, C) for fit, held in inner]
    scores = np.empty((len(z), parts[0].shape[1]))
    for (_, held), part in zip(inner, parts, strict=True):
        scores[held] = part
    calibration = family.calibrate(scores, y)
    return _log_loss(calibration(scores), y), calibration


def _scores(family: Family, z: Floats, y: Integers, fit: Integers, other: Integers, C: float) -> Floats:
    inside, outside = standardised(z[fit], z[other])
    # One graph far outside, by a column that is nearly constant among the others, would decide the mean of a log-loss.
    return family.scores(inside, y[fit], outside.clip(inside.min(axis=0), inside.max(axis=0)), C)


def standardised(fit: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Return both with the mean and deviation of the columns of `fit` taken out; a constant column becomes 0."""
    mean, deviation = fit.mean(axis=0), fit.std(axis=0)
    scale = np.where(deviation > _CONSTANT * np.abs(mean), deviation, np.inf)
    return (fit - mean) / scale, (other - mean) / scale


def _log_loss(log_probability: Floats, y: Integers) -> float:
    return float(-log_probability[np.arange(len(y)), y].mean())


def _logistic_scores(fit: Floats, y: Integers, other: Floats, C: float) -> Floats:
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        machine = LogisticRegression(C=C, solver="newton-cholesky", max_iter=1000).fit(fit, y)
        return np.asarray(machine.decision_function(other)).reshape(len(other), -1)


def _softmax(*_: object) -> Calibration:
    """Return the way from logits to probabilities, which no further graphs change."""

    def calibrated(logits: Floats) -> Floats:
        if logits.shape[1] == 1:
            return log_expit(np.hstack([-logits, logits]))
        return np.asarray(logits - logsumexp(logits, axis=1, keepdims=True))

    return calibrated


def _svm_scores(fit: Floats, y: Integers, other: Floats, C: float) -> Floats:
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        machine = SVC(C=C, gamma="scale").fit(fit, y)
        return np.asarray(machine.decision_function(other)).reshape(len(other), -1)


def platt(scores: Floats, y: Integers) -> Calibration:
    """Return sigmoids of scores (Platt 1999), one for each class against the others, their values scaled to sum 1.

    Of two classes there is one score, `[n, 1]`, of the second; of more there is one for each.
    """
    ones = [y == 1] if scores.shape[1] == 1 else [y == c for c in range(scores.shape[1])]
    fits = [_sigmoid(column, one) for column, one in zip(scores.T, ones, strict=True)]

    def calibrated(given: Floats) -> Floats:
        logits = np.stack([a * column + b for column, (a, b) in zip(given.T, fits, strict=True)], axis=1)
        if len(fits) == 1:
            return log_expit(np.hstack([-logits, logits]))
        return np.asarray(log_expit(logits) - logsumexp(log_expit(logits), axis=1, keepdims=True))

    return calibrated


def _sigmoid(score: Floats, one: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and offset of the best sigmoid, by Newton's method with halved steps.

    Targets are drawn in a little from 0 and 1, as Platt does, so that there is one where scores separate the classes.
    """
    ones, zeros = one.sum(), (~one).sum()
    target = np.where(one, (ones + 1) / (ones + 2), 1 / (zeros + 2))
    x = np.stack([score, np.ones(len(score))], axis=1)

    def loss(w: Floats) -> float:
        logit = x @ w
        return float(-(target * log_expit(logit) + (1 - target) * log_expit(-logit)).sum())

    w = np.array([0.0, np.log((ones + 1) / (zeros + 1))])
    for _ in range(_NEWTON_STEPS):
        p = expit(x @ w)
        gradient, hessian = x.T @ (p - target), (x.T * (p * (1 - p))) @ x + 1e-12 * np.eye(2)
        step, size, before = np.linalg.solve(hessian, gradient), 1.0, loss(w)
        while loss(w - size * step) > before and size > _CONVERGED:
            size /= 2
        w = w - size * step
        if abs(gradient @ step) < _CONVERGED:
            break
    return float(w[0]), float(w[1])


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "logistic": Family(_logistic_scores, _softmax),
        "svm": Family(_svm_scores, platt),
    }
)


def neighbour_information(x: Floats, y: Integers, neighbours: int = 3) -> float:
    """Return the mutual information of points `[n, d]` and classes `[n]` by nearest neighbours (Ross 2014, Eq. 3).

    Distances are the largest difference of a coordinate. Classes of one point are left out. Where more points of a
    class are equal than neighbours are asked for, all of them count (Gao et al. 2017). The estimate may be negative.
    """
    inside = np.bincount(y)[y] > 1
    x, y = x[inside], y[inside]
    near, radius, sizes = np.empty(len(x)), np.empty(len(x)), np.bincount(y)[y]
    for c in np.unique(y):
        of_class = np.flatnonzero(y == c)
        k = min(neighbours, len(of_class) - 1)
        # A point is its own nearest neighbour.
        distance = np.asarray(KDTree(x[of_class]).query(x[of_class], k + 1, p=np.inf)[0])
        near[of_class], radius[of_class] = k, np.nextafter(distance[:, -1], 0)
        equal = of_class[distance[:, -1] == 0]
        near[equal] = KDTree(x[of_class]).query_ball_point(x[equal], 0, p=np.inf, return_length=True)
    within = KDTree(x).query_ball_point(x, radius, p=np.inf, return_length=True)
    terms = digamma(len(x)) + digamma(near) - digamma(sizes) - digamma(within)
    return float(terms.mean())


def principal_components(z: Floats, count: int) -> Floats:
    """Return the first principal components of the standardised columns of z `[n, D]`, at most `count` of them.

    They are rounded to 1e-9: rows that are equal must stay so, and their products differ in the last bits.
    """
    z = standardised(z, z)[0]
    u, s, _ = np.linalg.svd(z, full_matrices=False)
    return np.asarray(np.round(u[:, :count] * s[:count], 9) + 0.0)
