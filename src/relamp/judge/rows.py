"""Stored rows as every reading of them needs them: checked, and one row for each score that a run may report."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from relamp.errors import RelampError

if TYPE_CHECKING:
    from pandas.api.typing import DataFrameGroupBy

CELL = ["method", "dataset", "gamma", "alpha"]
SVM_ROWS = [*CELL, "seed", "epoch", "fold", "C", "selected", "metric", "value"]
FINETUNE_ROWS = [*CELL, "seed", "epoch", "split", "task", "metric", "value"]
PER_CENT = 100.0
SVM_RUN = [*CELL, "seed", "epoch", "fold"]


def selected_tests(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each setting, seed, epoch and outer fold: the test accuracy at the C chosen on inner folds.

    `rows` has the columns `SVM_ROWS`, with accuracies as fractions; gamma, alpha and epoch are empty where a method
    has none. Raises RelampError where such an accuracy is missing or there twice.
    """
    rows = checked(rows, SVM_ROWS, "SVM rows")
    return _selected(rows, "test_accuracy", "there is no test accuracy at the selected C", "a selected test accuracy")


def inner_and_test(rows: pd.DataFrame) -> pd.DataFrame:
    """Return `selected_tests` with `validation` beside each: the inner accuracy at the same C.

    Raises RelampError, besides, where that is missing or there twice, or another C has a better one: then the stored
    selection is not the one that the protocol makes.
    """
    rows = checked(rows, SVM_ROWS, "SVM rows")
    tests = _selected(rows, "test_accuracy", "there is no test accuracy at the selected C", "a selected test accuracy")
    inner = _selected(rows, "inner_accuracy", "there is no inner accuracy at the selected C", "an inner accuracy")
    both = tests.merge(inner[[*SVM_RUN, "C", "value"]].rename(columns={"value": "validation"}), on=[*SVM_RUN, "C"])
    no_gap(tests, both, SVM_RUN, "the inner and the test accuracy are selected at different C")
    all_inner = rows[rows["metric"] == "inner_accuracy"]
    best = all_inner.groupby(SVM_RUN, dropna=False)["value"].max().rename("best").reset_index()
    beaten = both.merge(best, on=SVM_RUN)
    beaten = beaten[beaten["best"] > beaten["validation"] + 1e-12]
    if len(beaten):
        raise RelampError(
            f"{name_of(beaten)}: C {beaten['C'].iloc[0]} is marked as selected, but another C has a better inner "
            "accuracy; score this run again"
        )
    return both


def task_means(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean ROC-AUC over the tasks that have one, and their count, by setting, seed, epoch and split.

    `rows` has the columns `FINETUNE_ROWS`, as `finetune_rows` returns them.
    """
    key = [*CELL, "seed", "epoch", "split", "task"]
    # A fixed order makes the last bit of every mean independent of the order of the rows.
    scored = rows.dropna(subset=["value"]).sort_values(key)
    return scored.groupby(key[:-1], dropna=False)["value"].agg(["mean", "count"]).reset_index()


def valid_and_test(rows: pd.DataFrame) -> pd.DataFrame:
    """Return for each setting, seed and epoch of fine-tuning the `validation` mean over tasks, and of the test `value`.

    Raises RelampError where a score is missing or there twice, or a mean is over fewer tasks than others of its method.
    """
    rows = finetune_rows(rows)
    run = [*CELL, "seed", "epoch"]
    means, splits = task_means(rows), []
    for split, name in (("valid", "validation"), ("test", "value")):
        of_split = means[means["split"] == split]
        no_gap(rows, of_split, run, f"there is no {split} ROC-AUC")
        uneven = of_split[of_split["count"] != of_split.groupby(["method", "dataset"])["count"].transform("max")]
        if len(uneven):
            raise RelampError(
                f"{name_of(uneven)}: has fewer tasks with a score than other runs; finish it or leave it out"
            )
        splits.append(of_split.rename(columns={"mean": name})[[*run, name]])
    return splits[0].merge(splits[1], on=run)


def finetune_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the ROC-AUC rows of fine-tuning, checked; raises RelampError where one is there twice."""
    rows = checked(rows, FINETUNE_ROWS, "fine-tuning rows")
    rows = rows[rows["metric"] == "roc_auc"]
    if rows.empty:
        raise RelampError("fine-tuning rows: none of them is a ROC-AUC; pass the rows of the transfer protocol")
    once(rows, [*CELL, "seed", "epoch", "split", "task"], "a ROC-AUC")
    return rows


def checked(rows: pd.DataFrame, columns: Sequence[str], what: str) -> pd.DataFrame:
    """Return rows with settings as numbers; raises RelampError for missing columns and for values outside 0 ... 1."""
    missing = [name for name in columns if name not in rows]
    if missing:
        raise RelampError(f"{what}: the columns {missing} are missing; the file was written by another version")
    if rows.empty:
        raise RelampError(f"{what}: there are none; run the evaluation first")
    # An all-empty CSV column is read as objects, and would not merge with a column of numbers.
    rows = rows.assign(**{name: rows[name].astype(float) for name in ("gamma", "alpha", "epoch", "value")})
    outside = rows[(rows["value"] < 0) | (rows["value"] > 1)]
    if len(outside):
        raise RelampError(f"{what}: {name_of(outside)}: {outside['value'].iloc[0]} is not a fraction between 0 and 1")
    return rows


def no_gap(expected: pd.DataFrame, found: pd.DataFrame, key: list[str], trouble: str) -> None:
    """Raise RelampError, naming the first, where a `key` of the expected rows is not among those found."""
    # A merge, since it takes two empty settings for equal, which a set of tuples with NaN does not.
    pairs = expected[key].drop_duplicates().merge(found[key].drop_duplicates(), how="left", indicator=True)
    lost = pairs[pairs["_merge"] == "left_only"]
    if len(lost):
        raise RelampError(f"{name_of(lost[key])}: {trouble}; finish this run or leave its rows out")


def once(rows: pd.DataFrame, key: list[str], what: str) -> None:
    """Raise RelampError, naming the first, where two rows have the same `key`."""
    twice = rows[rows.duplicated(key)]
    if len(twice):
        raise RelampError(f"{name_of(twice[key])}: {what} is there twice; pass every file of rows once")


def by_seed(rows: pd.DataFrame, key: list[str]) -> "DataFrameGroupBy[Any, Any]":
    """Group the scores of each run, in an order that makes the last bit of their mean independent of that of rows."""
    return rows.sort_values([*key, *(["run"] if "run" in rows else [])]).groupby(key)


def name_of(rows: pd.DataFrame) -> str:
    """Name the first of the rows by its settings, leaving out the empty ones."""
    first = rows.iloc[0]
    names = [name for name in (*CELL, "seed", "epoch", "fold", "split", "task") if name in rows]
    return ", ".join(f"{name} {first[name]}" for name in names if not pd.isna(first[name]))


def _selected(rows: pd.DataFrame, metric: str, lost: str, twice: str) -> pd.DataFrame:
    chosen = rows[(rows["metric"] == metric) & truth(rows["selected"])].dropna(subset=["value"])
    no_gap(rows, chosen, SVM_RUN, lost)
    once(chosen, SVM_RUN, twice)
    return chosen


def truth(column: pd.Series) -> "pd.Series[bool]":
    """Return True and False as a CSV gives them back: as truth values, numbers or text; RelampError for all else."""
    if column.dtype == bool:
        return column
    text = column.astype(str).str.lower()
    unknown = sorted(set(text) - {"true", "false", "1", "0", "1.0", "0.0"})
    if unknown:
        raise RelampError(f"rows: `{column.name}` is True or False, but {unknown} was found; write the rows again")
    return text.isin(["true", "1", "1.0"])
