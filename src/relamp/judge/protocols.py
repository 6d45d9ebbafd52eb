"""Three protocols over the same stored rows: settings fixed beforehand, chosen by validation, or chosen on the test.

- `fixed`: the configured gamma and alpha at the last checkpoint, and C of a support vector machine by inner accuracy.
- `nested`: gamma, alpha, epoch and C chosen for each seed and outer fold by inner accuracy alone (Varma and Simon 2006,
  "Bias in error estimation when using cross-validation for model selection"); in fine-tuning, the setting and epoch
  chosen for each seed by the validation split.
- `oracle`: the setting and epoch with the best mean test accuracy of each method and data set; in fine-tuning, those
  with the best test score of each seed. It has looked at the test labels, so it shows a danger and is no result.

Equal scores (to 12 decimals, since equal sums differ in their last bits) are told apart without the test: the fixed
setting comes first, then the smallest epoch, C, gamma and alpha, in this order.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from relamp.errors import RelampError
from relamp.judge.rows import PER_CENT, inner_and_test, name_of, no_gap, once, valid_and_test
from relamp.settings.judging import PROTOCOLS, Protocol

SCORES = ["method", "dataset", "protocol", "seed", "fold", "gamma", "alpha", "epoch", "C", "value"]
LEAKAGE = ["method", "dataset", *PROTOCOLS, "gap", "seeds", "folds", "candidates"]
_TASK = ["method", "dataset"]
_SETTING = ["gamma", "alpha"]
_CANDIDATE = [*_SETTING, "epoch"]
_PREFERENCE = ["other", "epoch", "C", *_SETTING]
_DECIMALS = 12
_Kind = Literal["svm", "finetune"]
# Over what the oracle's choice is made once: folds share their data, so one setting is reported for all of them.
_ORACLE: Mapping[_Kind, list[str]] = {"svm": _TASK, "finetune": [*_TASK, "seed"]}


def svm_scores(rows: pd.DataFrame, protocol: Protocol, fixed: Mapping[str, float]) -> pd.DataFrame:
    """Return the test accuracy of each method, data set, seed and outer fold by one protocol.

    The columns are `SCORES`. `rows` has the columns `SVM_ROWS` (`relamp.judge.rows`), accuracies as fractions, with
    all settings and epochs that are candidates; `fixed` is the gamma and alpha of the fixed setting, which are empty
    where a method takes neither. The order of the rows does not matter. Raises RelampError where scores are missing,
    there twice or not of the best C, where a candidate lacks a seed or fold that others have, and where no or several
    settings are the fixed one.
    """
    return _choose("svm", _runs("svm", rows, fixed), protocol)


def finetune_scores(rows: pd.DataFrame, protocol: Protocol, fixed: Mapping[str, float]) -> pd.DataFrame:
    """Return the test ROC-AUC of each method, data set and seed by one protocol; columns and `fixed` as `svm_scores`.

    `rows` has the columns `FINETUNE_ROWS` (`relamp.judge.rows`), ROC-AUC as a fraction; a score is the mean over the
    tasks that have a value. Fold and C are empty. Raises RelampError where scores are missing or there twice, where
    candidates differ in their seeds or tasks, and where no or several settings are the fixed one.
    """
    return _choose("finetune", _runs("finetune", rows, fixed), protocol)


def all_scores(
    svm_rows: pd.DataFrame | None, finetune_rows: pd.DataFrame | None, fixed: Mapping[str, float]
) -> pd.DataFrame:
    """Return the scores of all three protocols in one frame, as `svm_scores` and `finetune_scores`; None: not run."""
    protocols: tuple[Protocol, ...] = ("fixed", "nested", "oracle")
    parts = []
    for kind, rows in _by_kind(svm_rows, finetune_rows).items():
        runs = _runs(kind, rows, fixed)
        parts += [_choose(kind, runs, protocol) for protocol in protocols]
    return pd.concat(parts, ignore_index=True)


def count_candidates(svm_rows: pd.DataFrame | None, finetune_rows: pd.DataFrame | None) -> pd.DataFrame:
    """Return how many pairs of setting and epoch there are to choose from: columns method, dataset, candidates."""
    parts = _by_kind(svm_rows, finetune_rows).values()
    different = pd.concat([rows[[*_TASK, *_CANDIDATE]].drop_duplicates() for rows in parts], ignore_index=True)
    return different.groupby(_TASK).size().rename("candidates").reset_index()


def leakage_gaps(scores: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """Return what choosing on test scores adds to each method and data set: columns `LEAKAGE`, in per cent.

    `scores` are those of `all_scores`, `candidates` those of `count_candidates`: what the oracle chose from.
    `fixed`, `nested` and `oracle` are means over seeds and folds; `gap` is oracle minus nested, in points: the part of
    an oracle's number that is owed to the choice, below zero where chance lets the honest choice come out higher.
    `folds` is 0 where there are none. Raises RelampError where a protocol lacks runs that another one has.
    """
    missing = [name for name in SCORES if name not in scores]
    if missing or scores.empty:
        raise RelampError(f"leakage gap: there are no scores or no columns {missing}; give the scores of all protocols")
    scores = scores[scores["protocol"].isin(PROTOCOLS)]
    run = [*_TASK, "seed", "fold"]
    once(scores, ["protocol", *run], "a score")
    for protocol in PROTOCOLS:
        no_gap(scores, scores[scores["protocol"] == protocol], run, f"there is no score of the protocol {protocol!r}")
    parts = [
        part.sort_values(run).groupby(_TASK)["value"].mean().rename(protocol) * PER_CENT
        for protocol, part in scores.groupby("protocol")
    ]
    counts = scores.groupby(_TASK).agg(seeds=("seed", "nunique"), folds=("fold", "nunique"))
    gaps = pd.concat([*parts, counts], axis=1).reset_index()
    no_gap(gaps, candidates, _TASK, "there is no count of candidates")
    gaps = gaps.merge(candidates[[*_TASK, "candidates"]], on=_TASK)
    return gaps.assign(gap=gaps["oracle"] - gaps["nested"])[LEAKAGE]


def _by_kind(svm_rows: pd.DataFrame | None, finetune_rows: pd.DataFrame | None) -> dict[_Kind, pd.DataFrame]:
    given: dict[_Kind, pd.DataFrame | None] = {"svm": svm_rows, "finetune": finetune_rows}
    found = {kind: rows for kind, rows in given.items() if rows is not None}
    if not found:
        raise RelampError("scores: there are no rows; run the evaluation first")
    return found


def _numbers(kind: _Kind, rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each candidate, seed and fold: `validation` for the choice, and the test score `value`.

    Of each support vector machine it is the one with the C selected on inner folds: since that has the best inner
    accuracy of its candidate, choosing among these is choosing among all C.
    """
    return inner_and_test(rows) if kind == "svm" else valid_and_test(rows).assign(fold=np.nan, C=np.nan)


def _runs(kind: _Kind, rows: pd.DataFrame, fixed: Mapping[str, float]) -> pd.DataFrame:
    """Return the numbers to choose from, complete, marked as `other` where the setting is not the fixed one."""
    runs = _numbers(kind, rows)
    _refuse_uneven(runs)
    matches = np.logical_and.reduce([runs[name].isna() | (runs[name] == fixed.get(name)) for name in _SETTING])
    runs = runs.assign(other=~matches)
    given = ", ".join(f"{name} {value:g}" for name, value in fixed.items())
    own = runs[~runs["other"]]
    no_gap(runs, own, _TASK, f"nothing was run at the fixed setting ({given})")
    several = own.drop_duplicates([*_TASK, *_SETTING])
    several = several[several.duplicated(_TASK)]
    if len(several):
        raise RelampError(f"{name_of(several[_TASK])}: several settings are the fixed one ({given}); keep one of them")
    # A fixed order makes the last bit of every mean independent of the order of the rows.
    return runs.sort_values([*_TASK, "seed", "fold", *_PREFERENCE])


def _choose(kind: _Kind, runs: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    if protocol == "fixed":
        own = runs[~runs["other"]]
        # Where nothing is trained there may be no epoch, and so no last one either.
        chosen = own[own["epoch"].isna() | (own["epoch"] == own.groupby(_TASK)["epoch"].transform("max"))]
    elif protocol == "nested":
        chosen = _best(runs, "validation", [*_TASK, "seed", "fold"])
    else:
        candidate = [*_ORACLE[kind], *_CANDIDATE]
        means = runs.groupby([*candidate, "other"], dropna=False)["value"].mean().reset_index()
        # Each fold has its own C, so that it cannot tell candidates apart.
        winners = _best(means.assign(C=np.nan), "value", _ORACLE[kind])
        chosen = runs.merge(winners[candidate], on=candidate)
    return _as_scores(chosen, protocol)


def _best(candidates: pd.DataFrame, score: str, group: list[str]) -> pd.DataFrame:
    """Return the candidate of each group with the best score, the most preferred one among equals."""
    ranked = candidates.assign(rank=-candidates[score].round(_DECIMALS))
    return ranked.sort_values([*group, "rank", *_PREFERENCE]).drop_duplicates(group)


def _refuse_uneven(runs: pd.DataFrame) -> None:
    """Refuse candidates with fewer runs than others of the same method and data set: their means would not compare."""
    runs_of_task = runs[[*_TASK, "seed", "fold"]].drop_duplicates()
    candidates = runs[[*_TASK, *_CANDIDATE]].drop_duplicates()
    trouble = "was not run, though other settings, epochs or folds of this method were"
    no_gap(candidates.merge(runs_of_task, on=_TASK), runs, [*_TASK, *_CANDIDATE, "seed", "fold"], trouble)


def _as_scores(chosen: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    numbers = {name: chosen[name].astype(float) for name in ("fold", *_CANDIDATE, "C", "value")}
    scores = chosen.assign(protocol=protocol, **numbers)[SCORES]
    return scores.sort_values([*_TASK, "seed", "fold"], ignore_index=True)
