"""ROC-AUC of molecular data sets: one score a task, over the molecules that have a label."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import roc_auc_score

from relamp.data.packed import MISSING, Integers
from relamp.errors import RelampError


def roc_auc_per_task(y_true: Integers, score: ArrayLike) -> pd.DataFrame:
    """Return the ROC-AUC of each task over its labelled molecules, nan where a task lacks one of the two classes.

    The rule of pretrain-gnns (Hu et al. 2020) and MoleculeNet. Labels `[n, T]` are 1, 0 and MISSING; of scores `[n,
    T]`, larger means more likely 1, and logits and probabilities give the same area. Returns rows of task, positive,
    negative (numbers of molecules) and roc_auc (0 ... 1, ties count half). Raises RelampError where the shapes differ,
    or a label or the score of a labelled molecule is out of range.
    """
    y_true, score = np.asarray(y_true), np.asarray(score, dtype=np.float64)
    if y_true.ndim != 2 or y_true.shape != score.shape:
        raise RelampError(f"roc_auc: labels {y_true.shape} and scores {score.shape}; both must be [molecules, tasks]")
    strange = np.setdiff1d(y_true, [0, 1, MISSING])
    if len(strange):
        raise RelampError(f"roc_auc: labels hold {strange.tolist()[:5]}; they must be 1, 0 or {MISSING} for missing")
    broken = np.argwhere((y_true != MISSING) & ~np.isfinite(score))
    if len(broken):
        molecule, task = broken[0]
        raise RelampError(
            f"roc_auc: {len(broken)} scores are NaN or infinite (first: molecule {molecule}, task {task}); "
            "the model has diverged, train it again"
        )
    positive, negative = (y_true == 1).sum(axis=0), (y_true == 0).sum(axis=0)
    area = np.full(y_true.shape[1], np.nan)
    for task in np.flatnonzero((positive > 0) & (negative > 0)):
        known = y_true[:, task] != MISSING
        area[task] = roc_auc_score(y_true[known, task], score[known, task])
    return pd.DataFrame({"task": np.arange(len(area)), "positive": positive, "negative": negative, "roc_auc": area})
