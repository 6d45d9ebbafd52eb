"""Support vector machines on graph embeddings or graph kernels: outer folds, with C chosen inside each of them."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
import sklearn
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from relamp.data.folds import load_folds
from relamp.data.packed import Integers, PackedGraphs
from relamp.data.rows import SVM_COLUMNS
from relamp.data.streams import stream_number
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run, by_epoch, finite
from relamp.evaluate.linear_svm import predict_linear
from relamp.settings.evaluation import SvmProtocol

Floats = NDArray[np.float64]
# From the graphs to fit on (n) and the graphs to predict (m): their kernel [n, n] and the kernel between both [m, n].
Blocks = Callable[[Integers, Integers], tuple[Floats, Floats]]
# From the graphs to fit on and the graphs to predict (m): their classes by each candidate [len(C), m].
Predictions = Callable[[Integers, Integers], Integers]

Inner = Literal["unshuffled", "shuffled"]

COLUMNS = SVM_COLUMNS


def score_svm(run: Run) -> Iterator[pd.DataFrame]:
    """Yield the rows of each checkpoint's embeddings, arrays `epoch~K` of `[G, D]`.

    Raises RelampError where the data set has several tasks, or classes too small for the inner folds.
    """
    chosen, y = SvmProtocol.model_validate(run.protocol), PackedGraphs.load(run.data).y
    for seed in run.seeds:
        fold = load_folds(run.folds[seed])
        for epoch, z in by_epoch(run.embeddings[seed]):
            score = partial(evaluate_svm, z, y, fold, seed, chosen.C, chosen.inner_folds, chosen.kernel, chosen.inner)
            # Before training all runs of a seed embed alike, whatever their method and setting.
            rows = score() if epoch else run.shared([run.protocol, seed], [z, y, fold], score)
            yield rows.assign(seed=seed, epoch=epoch)


def evaluate_svm(
    embeddings: ArrayLike,
    y: Integers,
    fold: Integers,
    seed: int,
    C: Sequence[float],
    inner_folds: int,
    kernel: Literal["rbf", "linear"],
    inner: Inner = "unshuffled",
) -> pd.DataFrame:
    """Score a support vector machine on unscaled embeddings, C chosen by an inner stratified search.

    With the RBF kernel and gamma "scale", the protocol of GraphCL's `unsupervised_TU` (You et al. 2020); scikit-learn's
    SVC(gamma="scale") in GridSearchCV gives the same numbers, only slower: distances are computed once, and each
    kernel once for every C. Linear with squared hinge loss, the protocol of M-Mix's public code: what scikit-learn's
    LinearSVC minimises, to its optimum (`relamp.evaluate.linear_svm`).

    Of embeddings `[G, D]` with their classes and outer folds, `[G]` each; a graph is tested in its own fold and trained
    on in all others. Each outer training set is cut into stratified `inner_folds`, in the order of the graphs
    ("unshuffled"), as GridSearchCV(cv=5) does it, or "shuffled" by the seed.

    Returns:
        Rows of fold, candidate (C), selected, metric, value. For every fold and C one "inner_accuracy" (mean over the
        inner folds) and one "test_accuracy" (after refitting on the outer training set), both in 0 ... 1; `selected`
        marks the C of the best inner accuracy, the first one among equals.

    Raises:
        RelampError: embeddings are not finite or do not fit `y` and `fold`, or an inner fold would lack a class.
    """
    x, y = finite(embeddings, "embeddings", "graph"), np.asarray(y)
    common = (len(x), y, fold, seed, C, inner_folds, inner)
    # The last bits would depend on the number of threads; and in systems of some hundred equations, as the linear
    # machine solves, they would wait for one another fifteen times as long as they work.
    with threadpool_limits(1):
        if kernel == "linear":
            return _evaluate(lambda train, test: predict_linear(x[train], y[train], x[test], C), *common)
        return _evaluate(partial(_predicted, _rbf_blocks(x), y, C), *common)


def evaluate_kernel_svm(
    kernel: ArrayLike,
    y: Integers,
    fold: Integers,
    seed: int,
    C: Sequence[float],
    inner_folds: int,
    inner: Inner = "unshuffled",
) -> pd.DataFrame:
    """Score a support vector machine on a graph kernel `[G, G]`; arguments, rows and errors as in `evaluate_svm`."""
    k, y = finite(kernel, "kernel", "graph"), np.asarray(y)
    if k.shape[0] != k.shape[1]:
        raise RelampError(f"kernel: has shape {k.shape}; give one row and one column for each graph")

    def blocks(train: Integers, test: Integers) -> tuple[Floats, Floats]:
        return k[np.ix_(train, train)], k[np.ix_(test, train)]

    return _evaluate(partial(_predicted, blocks, y, C), len(k), y, fold, seed, C, inner_folds, inner)


def _rbf_blocks(x: Floats) -> Blocks:
    """Return the RBF kernel exp(-gamma |a - b|^2), with scikit-learn's gamma "scale" of the graphs fitted on."""
    # By the same expansion |a|^2 - 2ab + |b|^2 as libsvm.
    with np.errstate(over="ignore", invalid="ignore"):
        distance = euclidean_distances(x, squared=True)
    if not np.isfinite(distance).all():
        raise RelampError(
            f"embeddings: values up to {np.abs(x).max():.1e} overflow when squared; "
            "the encoder has diverged, train it with a lower learning rate"
        )

    def blocks(train: Integers, test: Integers) -> tuple[Floats, Floats]:
        variance = x[train].var()
        gamma = 1.0 / (x.shape[1] * variance) if variance != 0 else 1.0
        inside, across = distance[np.ix_(train, train)], distance[np.ix_(test, train)]
        for block in (inside, across):  # in place: a block of 5,000 graphs is 200 MB
            block *= -gamma
            np.exp(block, out=block)
        return inside, across

    return blocks


def _evaluate(
    machine: Predictions,
    size: int,
    y: Integers,
    fold: Integers,
    seed: int,
    C: Sequence[float],
    inner_folds: int,
    inner: Inner,
) -> pd.DataFrame:
    """Run the outer folds; everything but the machine itself is the same for embeddings and kernels."""
    fold = np.asarray(fold)
    if y.shape != (size,) or fold.shape != (size,):
        raise RelampError(f"svm: {size} graphs, but y has shape {y.shape} and fold {fold.shape}; give one number each")
    folds = np.unique(fold)
    if len(folds) < 2 or not len(C):
        raise RelampError(f"svm: {len(folds)} outer folds and {len(C)} values of C; give two folds and one C at least")

    def accuracies(train: Integers, test: Integers) -> Floats:
        return np.asarray(np.mean(machine(train, test) == y[test], axis=1))

    parts = []
    for number in folds:
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        _refuse_rare_classes(y[train], int(number), inner_folds)
        drawn = stream_number(seed, "inner folds", int(number)) if inner == "shuffled" else None
        cut = StratifiedKFold(inner_folds, shuffle=inner == "shuffled", random_state=drawn)
        splits = cut.split(np.zeros(len(train)), y[train])
        scores = [accuracies(train[fit], train[held]) for fit, held in splits]
        # Contiguous [C, folds], so that the mean adds up in GridSearchCV's order: equal sums are equal to the last bit.
        mean = np.ascontiguousarray(np.transpose(scores)).mean(axis=1)
        tested = accuracies(train, test)
        both = pd.DataFrame({"fold": int(number), "candidate": np.asarray(C, dtype=np.float64)})
        both = both.assign(selected=np.arange(len(C)) == mean.argmax())
        parts += [both.assign(metric="inner_accuracy", value=mean), both.assign(metric="test_accuracy", value=tested)]
    return pd.concat(parts, ignore_index=True)


def _predicted(blocks: Blocks, y: Integers, C: Sequence[float], train: Integers, test: Integers) -> Integers:
    """Fit on `train` once for each C and return the classes of `test`, `[len(C), m]`."""
    inside, across = blocks(train, test)
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):  # checked once, at the door
        return np.array([SVC(kernel="precomputed", C=c).fit(inside, y[train]).predict(across) for c in C])


def _refuse_rare_classes(y: Integers, fold: int, inner_folds: int) -> None:
    """Refuse a training set that cannot be cut into inner folds which all hold every class."""
    classes, counts = np.unique(y, return_counts=True)
    if len(classes) < 2:
        raise RelampError(f"svm: outside fold {fold} there is only class {classes.tolist()}; stratify the outer folds")
    if counts.min() < inner_folds:
        rare = classes[counts.argmin()]
        raise RelampError(
            f"svm: outside fold {fold}, class {rare} has {counts.min()} graphs, too few for {inner_folds} stratified "
            "inner folds; lower inner_folds or leave this class out"
        )
