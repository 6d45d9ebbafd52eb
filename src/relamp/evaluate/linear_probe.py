"""Linear probe: logistic regression on frozen embeddings by Adam, in numpy, all runs of a group in one product."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_softmax

from relamp.data.packed import Integers
from relamp.data.streams import stream
from relamp.errors import RelampError
from relamp.evaluate.embeddings import finite
from relamp.settings.evaluation import Scaling

Floats = NDArray[np.float32]

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8  # of Adam (Kingma and Ba 2015)
_OUTPUTS_AT_ONCE = 2048  # columns of all runs' weights that are trained together; bounds memory


def evaluate_probe(
    embeddings: ArrayLike,
    y: Integers,
    split: Mapping[str, Integers],
    seed: int,
    runs: Sequence[int],
    steps: int,
    learning_rate: float,
    weight_decay: float,
    scaling: Scaling = "none",
) -> pd.DataFrame:
    """Score a linear classifier on frozen embeddings (Velickovic et al. 2019; M-Mix Section 4.1).

    The classifier sees all training nodes at each of `steps` steps of Adam, and what it is after the last one is
    scored: no step is chosen. Runs differ in the weights they start from (Xavier uniform; biases 0).

    Args:
        embeddings: `[N, D]`.
        y: class of each node `[N]`, for cross-entropy and accuracy; or `[N, tasks]` of 0 and 1, for binary
            cross-entropy and micro-F1 (a task counts as predicted where its logit is above 0).
        split: node numbers of "train" and of the parts that are scored; an empty part has no rows.
        seed, runs: run r starts from the weights that (seed, r) draws.
        steps, learning_rate, weight_decay: of Adam; the decay is added to the gradient.
        scaling: of the embeddings, see `scaled`.

    Returns rows of run, split, metric ("accuracy" or "micro_f1") and value in 0 ... 1. Raises RelampError where
    embeddings are not finite or do not fit `y`, or there is nothing to train on.
    """
    x, y = finite(embeddings, "embeddings", "node", np.float32), np.asarray(y)
    train = np.asarray(split["train"])
    if len(y) != len(x) or not len(train):
        raise RelampError(f"probe: {len(x)} embeddings, {len(y)} labels and {len(train)} training nodes do not fit")
    x = scaled(x, train, scaling)
    multi = y.ndim == 2
    outputs = y.shape[1] if multi else int(y.max()) + 1
    metric, score = ("micro_f1", micro_f1) if multi else ("accuracy", accuracy)
    wanted = (y[train] if multi else np.eye(outputs, dtype=np.float32)[y[train]]).astype(np.float32)
    rows = []
    group = max(1, _OUTPUTS_AT_ONCE // outputs)
    for start in range(0, len(runs), group):
        some = runs[start : start + group]
        first = np.stack([xavier_uniform(x.shape[1], outputs, stream(seed, "probe", run)) for run in some])
        weight, bias = _fit(x[train], wanted, first, multi, steps, learning_rate, weight_decay)
        for part, nodes in split.items():
            for run, w, b in zip(some, weight, bias, strict=True):
                if len(nodes):
                    value = score(x[nodes] @ w + b, y[nodes])
                    rows.append({"run": int(run), "split": part, "metric": metric, "value": value})
    return pd.DataFrame(rows).sort_values("run", kind="stable", ignore_index=True)


def scaled(features: NDArray[Any], train: Integers, scaling: Scaling) -> NDArray[Any]:
    """Return features `[N, D]` standardised by the rows of `train`, each of length 1, or as they are.

    A feature that is the same in all rows of `train` becomes 0 there; features of length 0 stay so.
    """
    shift: NDArray[Any] = np.zeros(1, dtype=np.float32)
    scale: NDArray[Any] = np.ones(1, dtype=np.float32)
    if scaling == "length":
        scale = np.linalg.norm(features, axis=1, keepdims=True)
    elif scaling == "standard":
        shift, scale = features[train].mean(axis=0), features[train].std(axis=0)
        # Where a feature does not vary, its deviation is rounding alone, which must not be blown up.
        scale = np.where(scale > 1e-6 * np.abs(shift), scale, 0)
    return np.asarray((features - shift) / np.where(scale > 0, scale, 1).astype(np.float32))


def accuracy(logits: NDArray[np.floating], y: Integers) -> float:
    """Return the share of rows `[n, C]` whose largest logit is that of their class `[n]`."""
    return float(np.mean(logits.argmax(axis=1) == y))


def micro_f1(logits: NDArray[np.floating], y: Integers) -> float:
    """Return `2 TP / (2 TP + FP + FN)` over all rows and tasks `[n, T]`; 0 where nothing is true or predicted."""
    predicted, true = logits > 0, np.asarray(y) == 1
    total = int(predicted.sum()) + int(true.sum())
    return 2 * int((predicted & true).sum()) / total if total else 0.0


def xavier_uniform(fan_in: int, fan_out: int, rng: np.random.Generator) -> Floats:
    """Draw weights `[fan_in, fan_out]` from U(-a, a) with `a = sqrt(6 / (fan_in + fan_out))` (Glorot, Bengio 2010)."""
    bound = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, size=(fan_in, fan_out)).astype(np.float32)


def _fit(
    x: Floats, wanted: Floats, first: Floats, multi: bool, steps: int, learning_rate: float, weight_decay: float
) -> tuple[Floats, Floats]:
    """Train all runs from their first weights `[R, D, C]`; return weights `[R, D, C]` and biases `[R, C]`."""
    runs, dim, outputs = first.shape
    # One more column of ones holds the bias, and the runs lie side by side: two products a step for all of them.
    x = np.concatenate([x, np.ones((len(x), 1), dtype=np.float32)], axis=1)
    weight = np.zeros((dim + 1, runs, outputs), dtype=np.float32)
    weight[:dim] = first.transpose(1, 0, 2)
    mean, square = np.zeros_like(weight), np.zeros_like(weight)
    # torch averages binary cross-entropy over rows and tasks, cross-entropy over rows.
    share = np.float32(1 / (len(x) * (outputs if multi else 1)))
    for step in range(1, steps + 1):
        logits = (x @ weight.reshape(dim + 1, -1)).reshape(len(x), runs, outputs)
        predicted = expit(logits) if multi else np.exp(log_softmax(logits, axis=2))
        error = (predicted - wanted[:, None]) * share
        gradient = (x.T @ error.reshape(len(x), -1)).reshape(weight.shape)
        if weight_decay:
            gradient += weight_decay * weight
        mean += (1 - _BETA1) * (gradient - mean)
        square += (1 - _BETA2) * (gradient**2 - square)
        scale = np.sqrt(square) / np.sqrt(1 - _BETA2**step) + _EPSILON
        weight -= (learning_rate / (1 - _BETA1**step)) * mean / scale
    return weight[:dim].transpose(1, 0, 2), weight[dim]
