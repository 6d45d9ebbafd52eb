"""Support vector machines on graph embeddings or graph kernels: outer folds, with C chosen inside each of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import StratifiedKFold
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
# From the graphs to fit on: what makes their kernel of any part of a matrix of all graphs, in place.
Kernel = Callable[[Integers], Callable[[Floats], Floats]]
# From the graphs to fit on and the graphs to predict (m): their classes by each candidate [len(C), m].
Predictions = Callable[[Integers, Integers], Integers]

Inner = Literal["unshuffled", "shuffled"]

COLUMNS = SVM_COLUMNS
ROWS_AT_ONCE = 128
# The largest number of single precision, in which kernels are kept, as in libsvm.
SINGLE = np.finfo(np.float32).max


def score_svm(run: Run) -> Iterator[pd.DataFrame]:
    """Yield the rows of each checkpoint's embeddings, arrays `epoch~K` of `[G, D]`.

    Raises RelampError where the data set has several tasks, or classes too small for the inner folds.
    """
    chosen, y = SvmProtocol.model_validate(run.protocol), PackedGraphs.load(run.data).y
    for seed in run.seeds:
        fold = load_folds(run.folds[seed])
        for epoch, z in by_epoch(run.embeddings[seed], run.branch):
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
    SVC(gamma="scale") in GridSearchCV gives the same numbers, only slower: distances are computed once, each kernel
    once for every C, and fits are compiled (`relamp.kernels.smo`). Linear with squared hinge loss, the protocol of
    M-Mix's public code: what scikit-learn's LinearSVC minimises, to its optimum (`relamp.evaluate.linear_svm`).

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
        return _evaluate(machine_of(x, y, C, kernel), *common)


def machine_of(x: Floats, y: Integers, C: Sequence[float], kernel: Literal["rbf", "linear"]) -> Predictions:
    """Return what fits a machine of either kernel on some embeddings `[G, D]` and predicts others."""
    if kernel == "linear":
        return lambda train, test: predict_linear(x[train], y[train], x[test], C)
    return partial(_predicted, squared_distances(x), partial(_rbf, x), y, C)


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
    if k.size and np.abs(k).max() > SINGLE:
        raise RelampError(f"kernel: values up to {np.abs(k).max():.1e} are none in single precision; normalise it")
    return _evaluate(partial(_predicted, k, lambda _: np.asarray, y, C), len(k), y, fold, seed, C, inner_folds, inner)


def squared_distances(x: Floats) -> Floats:
    """Return |a|^2 - 2ab + |b|^2 `[G, G]` of embeddings, as libsvm expands it, in the order of scikit-learn's sums.

    Scikit-learn's `euclidean_distances` holds the matrix twice. Raises RelampError if a square overflows.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        distance, norm = x @ x.T, np.einsum("ij,ij->i", x, x)
        distance *= -2
        distance += norm[:, None]
        distance += norm
    if not np.isfinite(norm).all() or not np.isfinite(distance.max()):
        raise RelampError(
            f"embeddings: values up to {np.abs(x).max():.1e} overflow when squared; "
            "the encoder has diverged, train it with a lower learning rate"
        )
    np.maximum(distance, 0, out=distance)
    np.fill_diagonal(distance, 0)
    return distance


def _rbf(x: Floats, train: Integers) -> Callable[[Floats], Floats]:
    """Return what makes exp(-gamma |a - b|^2) of distances, in place, gamma being scikit-learn's "scale" of `train`."""
    variance = x[train].var()
    gamma = 1.0 / (x.shape[1] * variance) if variance != 0 else 1.0
    return lambda block: np.exp(np.multiply(block, -gamma, out=block), out=block)


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

    parts = []
    for number in folds:
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        drawn = stream_number(seed, "inner folds", int(number)) if inner == "shuffled" else None
        parts.append(fold_rows(machine, y, int(number), train, {"test": test}, C, inner_folds, drawn))
    return pd.concat(parts, ignore_index=True)


def fold_rows(
    machine: Predictions,
    y: Integers,
    number: int,
    train: Integers,
    held: Mapping[str, Integers],
    C: Sequence[float],
    inner_folds: int,
    drawn: int | None = None,
) -> pd.DataFrame:
    """Return the rows of one outer fold, as of `evaluate_svm`: C by inner folds of `train`, accuracies on parts `held`.

    Inner folds are shuffled by the number `drawn`; without one they follow the order of the graphs. Raises RelampError
    if an inner fold would lack a class.
    """
    _refuse_rare_classes(y[train], number, inner_folds)
    cut = StratifiedKFold(inner_folds, shuffle=drawn is not None, random_state=drawn)
    splits = cut.split(np.zeros(len(train)), y[train])
    scores = [np.mean(machine(train[fit], train[out]) == y[train[out]], axis=1) for fit, out in splits]
    # Contiguous [C, folds], so that the mean adds up in GridSearchCV's order: equal sums are equal to the last bit.
    mean = np.ascontiguousarray(np.transpose(scores)).mean(axis=1)
    tested = np.concatenate(list(held.values()))
    right = machine(train, tested) == y[tested]
    parts = np.split(right, np.cumsum([len(part) for part in held.values()])[:-1], axis=1)
    both = pd.DataFrame({"fold": number, "candidate": np.asarray(C, dtype=np.float64)})
    both = both.assign(selected=np.arange(len(C)) == mean.argmax())
    accuracies = {"inner": mean, **{name: part.mean(axis=1) for name, part in zip(held, parts, strict=True)}}
    rows = [both.assign(metric=f"{name}_accuracy", value=value) for name, value in accuracies.items()]
    return pd.concat(rows, ignore_index=True)


def _predicted(
    source: Floats, made: Kernel, y: Integers, C: Sequence[float], train: Integers, test: Integers
) -> Integers:
    """Fit on `train` once for each C and return the classes of `test`, `[len(C), m]`."""
    from relamp.kernels.smo import classify  # imports numba, which no other evaluation needs

    kernel, grouped = made(train), train[np.argsort(y[train], kind="stable")]
    inside = np.empty((len(train), len(train)), dtype=np.float32)
    for rows in range(0, len(train), ROWS_AT_ONCE):  # a block of 4,500 graphs in double precision would be 160 MB
        some = slice(rows, rows + ROWS_AT_ONCE)
        inside[some] = kernel(source[np.ix_(grouped[some], grouped)])
    across = np.ascontiguousarray(kernel(source[np.ix_(test, grouped)]).T)
    return classify(inside, kernel(source[grouped, grouped]), across, y[grouped], C)


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
