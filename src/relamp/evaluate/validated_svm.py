"""Support vector machines as the public codes of AD-GCL and GCS score them: scaled features, a validation part."""

from collections.abc import Iterator
from math import ceil

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from relamp.data.folds import load_folds, plain_folds
from relamp.data.packed import Integers, PackedGraphs
from relamp.data.rows import SVM_COLUMNS
from relamp.data.streams import stream_number
from relamp.evaluate.embeddings import Run, by_epoch, finite
from relamp.evaluate.svm import fold_rows, machine_of
from relamp.settings.evaluation import ValidatedSvm

COLUMNS = SVM_COLUMNS


def score_validated(run: Run) -> Iterator[pd.DataFrame]:
    """Yield the rows of each checkpoint's embeddings, arrays `epoch~K` of `[G, D]`; the reader chooses the epoch.

    Raises RelampError as `relamp.evaluate.svm.score_svm` does.
    """
    chosen, y = ValidatedSvm.model_validate(run.protocol), PackedGraphs.load(run.data).y
    for seed in run.seeds:
        plain = chosen.outer == "plain"
        fold = plain_folds(len(y), chosen.folds, seed) if plain else load_folds(run.folds[seed])
        for epoch, z in by_epoch(run.embeddings[seed], run.branch):
            yield evaluate_validated(z, y, fold, seed, chosen).assign(seed=seed, epoch=epoch)


def evaluate_validated(
    embeddings: ArrayLike, y: Integers, fold: Integers, seed: int, protocol: ValidatedSvm
) -> pd.DataFrame:
    """Score a machine on embeddings that each fold's training part scales, C chosen by an inner search.

    What GridSearchCV behind a StandardScaler gives, which is fitted on the whole training part and not anew in the
    inner folds (`unsupervised/embedding_evaluation.py` of AD-GCL). All epochs of a seed share folds and parts; the
    public codes draw them anew at each epoch.

    Arguments and errors are as in `relamp.evaluate.svm.evaluate_svm`. Of the graphs outside a fold a share is set
    aside, so that rows have "valid_accuracy" beside "inner_accuracy" and "test_accuracy".
    """
    x, y, parts = finite(embeddings, "embeddings", "graph"), np.asarray(y), []
    for number in np.unique(fold):
        test, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        random = np.random.default_rng(stream_number(seed, "validation part", int(number)))
        aside = np.zeros(len(rest), dtype=bool)
        aside[random.permutation(len(rest))[: ceil(protocol.validation * len(rest))]] = True
        train, held = rest[~aside], {"valid": rest[aside], "test": test}
        seen = StandardScaler().fit(x[train]).transform(x) if protocol.scaling == "standard" else x
        drawn = stream_number(seed, "inner folds", int(number)) if protocol.inner == "shuffled" else None
        # One thread, as in `evaluate_svm`.
        with threadpool_limits(1):
            machine = machine_of(seen, y, protocol.C, protocol.kernel)
            parts.append(fold_rows(machine, y, int(number), train, held, protocol.C, protocol.inner_folds, drawn))
    return pd.concat(parts, ignore_index=True)
