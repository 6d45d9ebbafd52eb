"""From the stored rows of an evaluation to one row per run and candidate: what `Evaluation.read` names.

Each reader returns the columns `RUNS`: the score `value` of a run on its test part, as the evaluation stores it; the
`validation` score that an honest choice may look at, where there is one; `repeat`, which of several fine-tunings of the
encoder of a seed it is, empty where a seed is a run by itself; `best`, the score on the test part of the
candidate that does best there, and that `best_candidate`; and the file `rows` that it is from.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from relamp.data.rows import FINETUNE_COLUMNS, ONE_BRANCH, RUN, SVM_COLUMNS, alone
from relamp.errors import RelampError
from relamp.judge.checks import DECIMALS, as_many, has_columns, no_gap, once, refuse, truth

RUNS = [*RUN, "metric", "part", "seed", "repeat", "fold", "epoch", "candidate", "validation", "value"]
RUNS += ["best_candidate", "best", "rows"]
_KEY = [*RUN, "seed", "epoch"]
_BESIDE = ("ties",)  # stored beside the scores, and no score
_EQUAL = 1e-12


def chosen(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each setting, seed, epoch and outer fold: the test accuracy at the selected candidate.

    Since the selected candidate (C of a support vector machine) has the best inner accuracy of its setting and epoch,
    choosing among these rows by `validation`, that inner accuracy, is choosing among all candidates. `rows` has the
    columns `SVM_COLUMNS`, accuracies as fractions, and no epoch where nothing is trained. Raises RelampError where an
    accuracy is missing, a duplicate or not between 0 and 1, or another candidate has a better inner accuracy.
    """
    rows = _checked(rows, SVM_COLUMNS)
    key = [*_KEY, "fold"]
    tests, inner = (_selected(rows, f"{part}_accuracy", key) for part in ("test", "inner"))
    pairs = inner[[*key, "candidate", "value"]].rename(columns={"value": "validation"})
    both = tests.merge(pairs, on=[*key, "candidate"])
    no_gap(tests, both, key, "the inner and the test accuracy are selected at different candidates")
    best = rows[rows["metric"] == "inner_accuracy"].groupby(key, dropna=False)["value"].max().rename("best")
    beaten = both.merge(best.reset_index(), on=key)
    trouble = "candidate {candidate} is marked as selected, but another one has a better inner accuracy"
    refuse(beaten[beaten["best"] > beaten["validation"] + _EQUAL], f"{trouble}; score this run again")
    every = rows[rows["metric"] == "test_accuracy"].sort_values([*key, "candidate"], kind="stable")
    # Of equals the smallest candidate.
    top = every.sort_values("value", ascending=False, kind="stable").drop_duplicates(key)
    top = top[[*key, "candidate", "value"]].rename(columns={"candidate": "best_candidate", "value": "best"})
    return _complete(both.merge(top, on=key).assign(metric="accuracy"))


def validated(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each setting, seed and outer fold: the test accuracy at the epoch of the best validation.

    Nothing is left to choose, so that there is no epoch. For each seed it is the one whose validation accuracy, at the
    selected candidate of each fold, has the best mean over the folds, the first among equals; never that before
    training, if there is another. Raises RelampError where an accuracy is missing, a duplicate or not between 0 and 1.
    """
    rows = _checked(rows, SVM_COLUMNS)
    key, run = [*_KEY, "fold"], [*RUN, "seed"]
    tests, valid = (_selected(rows, f"{part}_accuracy", key) for part in ("test", "valid"))
    no_gap(tests, valid, key, "there is no validation accuracy at the selected candidate")
    means = valid.sort_values(key).groupby(_KEY)["value"].mean().round(DECIMALS).reset_index()
    means["untrained"] = means["epoch"] == 0
    best = means.sort_values([*run, "untrained", "value", "epoch"], ascending=[True] * 5 + [False, True])
    at = best.drop_duplicates(run)[_KEY]
    return _complete(tests.merge(at, on=_KEY).drop(columns="epoch").assign(metric="accuracy"))


def finetuned(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each setting, seed and epoch of fine-tuning: its mean ROC-AUC over the test split's tasks.

    `rows` has the columns `FINETUNE_COLUMNS`, ROC-AUC as a fraction, empty for a task that lacks one of the two
    classes. `validation` is the mean over the tasks of the validation split. Where `rows` name the seed of pre-training
    (`pretraining_seed`), that is the seed, and the one of fine-tuning the repeat. Raises RelampError where a score is
    missing or a duplicate, a mean is over fewer tasks than others of its method, or an encoder was fine-tuned fewer
    times than the others.
    """
    rows = _checked(rows, FINETUNE_COLUMNS)
    rows = rows[rows["metric"] == "roc_auc"]
    if rows.empty:
        raise RelampError("rows of fine-tuning: none of them is a ROC-AUC; pass the rows of the transfer protocol")
    start = rows.get("pretraining_seed", pd.Series(np.nan, index=rows.index)).astype(float)
    rows = rows.assign(
        seed=start.fillna(rows["seed"]).astype(int), repeat=rows["seed"].where(start.notna()).astype(float)
    )
    key = [*RUN, "seed", "repeat", "epoch"]
    once(rows, [*key, "split", "task"], "a ROC-AUC")
    # A fixed order makes the last bit of every mean independent of the order of the rows.
    scored = rows.dropna(subset=["value"]).sort_values([*key, "split", "task"]).groupby([*key, "split"], dropna=False)
    means = scored.agg(mean=("value", "mean"), count=("value", "count"), rows=("rows", "first")).reset_index()
    splits = []
    for split, name in (("test", "value"), ("valid", "validation")):
        of_split = means[means["split"] == split]
        no_gap(rows, of_split, key, f"there is no {split} ROC-AUC")
        trouble = "has fewer tasks with a score than other runs; finish it or leave it out"
        as_many(of_split, ["method", "dataset"], trouble)
        splits.append(of_split.rename(columns={"mean": name}))
    both = splits[0][[*key, "value", "rows"]].merge(splits[1][[*key, "validation"]], on=key)
    repeats = both[both["repeat"].notna()].groupby(_KEY)["repeat"].count().rename("count").reset_index()
    as_many(repeats, RUN, "was fine-tuned fewer times than the encoders of other seeds; finish it or leave it out")
    return _complete(both.assign(metric="roc_auc"))


def means(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each setting, seed and metric: the mean over the runs of the final embeddings' test scores.

    Nothing is chosen here. `rows` has the columns setting, seed, metric and value, and may have: `final`, or else
    `epoch`, of which the last one counts; `branch`, of which each alone is a method of its own, `mp-mix-branch-a`;
    `split`, of which "test" counts; `n`, the size of graphs, which becomes the `part`, such as "n=50"; and `run`.
    Raises RelampError where scores are missing or duplicates, or a seed has fewer runs than the others.
    """
    rows = rows[~rows["metric"].isin(_BESIDE)]
    shown = rows.assign(part="n=" + rows["n"].astype(int).astype(str) if "n" in rows else "")
    if "final" in shown:
        shown = shown[truth(shown["final"])]
    elif "epoch" in shown:
        # What trains nothing has no epoch.
        last = shown["epoch"] == shown.groupby(RUN)["epoch"].transform("max")
        shown = shown[last | shown["epoch"].isna()]
    if "split" in shown:
        shown = shown[shown["split"] == "test"]
    if "branch" in rows:
        rows = rows[~rows["branch"].isin(ONE_BRANCH)]
        pairs = zip(shown["method"], shown["branch"], strict=True)
        shown = shown.assign(method=[alone(name, of) if of in ONE_BRANCH else name for name, of in pairs])
    no_gap(rows, shown, [*RUN, "seed"], "there is nothing of its last embeddings on the test part")
    key, runs = [*RUN, "metric", "part", "seed"], ["run"] if "run" in shown else []
    once(shown, [*key, *runs], "a score")
    refuse(shown[~np.isfinite(shown["value"])], "a score is no number; run it again")
    grouped = shown.assign(rows=shown.get("rows", "")).sort_values([*key, *runs]).groupby(key)
    found = grouped.agg(value=("value", "mean"), count=("value", "count"), rows=("rows", "first")).reset_index()
    as_many(found, key[:-1], "has fewer runs than the other seeds; finish it or leave it out")
    return _complete(found)


def _checked(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return rows with epochs as numbers; raises RelampError for missing columns and for values outside 0 ... 1."""
    trouble = "rows: the columns {missing} are missing; the file was written by another version"
    has_columns(rows, (*RUN, *columns), trouble)
    # An all-empty CSV column is read as objects, and would not merge with a column of numbers.
    rows = rows.assign(rows=rows.get("rows", ""), **{name: rows[name].astype(float) for name in ("epoch", "value")})
    refuse(rows[(rows["value"] < 0) | (rows["value"] > 1)], "{value} is not a fraction between 0 and 1")
    return rows


def _selected(rows: pd.DataFrame, metric: str, key: list[str]) -> pd.DataFrame:
    what = metric.replace("_", " ")
    found = rows[(rows["metric"] == metric) & truth(rows["selected"])].dropna(subset=["value"])
    no_gap(rows, found, key, f"there is no {what} at the selected candidate")
    once(found, key, f"a selected {what}")
    return found


def _complete(runs: pd.DataFrame) -> pd.DataFrame:
    empty = {name: np.nan for name in ("repeat", "fold", "epoch", "candidate", "validation") if name not in runs}
    runs = runs.assign(**empty, part=runs.get("part", ""))
    # Where nothing but settings and epochs can be chosen, the score is the best one there is of each.
    alone = {"best_candidate": runs["candidate"], "best": runs["value"]} if "best" not in runs else {}
    return runs.assign(**alone)[RUNS]
