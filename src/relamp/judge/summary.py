"""From stored rows (one per fold, epoch, C or task) to the cells of the papers' tables."""

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from relamp.errors import RelampError

CELL = ["method", "dataset", "gamma", "alpha"]
SVM_ROWS = [*CELL, "seed", "epoch", "fold", "C", "selected", "metric", "value"]
SVM_CELLS = [*CELL, "epoch", "mean", "std_seeds", "std_folds", "seeds", "folds"]
FINETUNE_ROWS = [*CELL, "seed", "epoch", "split", "task", "metric", "value"]
FINETUNE_CELLS = [*CELL, "selection", "epoch", "mean", "std_seeds", "seeds", "tasks"]
PER_CENT = 100.0


def svm_cells(rows: pd.DataFrame, epoch: Literal["last"] | int = "last") -> pd.DataFrame:
    """Summarise the rows of the unsupervised protocol as a paper's table does (LAMP Section 5.1, Tables 1 and 3).

    `rows` has the columns `SVM_ROWS`, with accuracies as fractions; gamma, alpha and epoch are empty where a method
    has none, and what is never trained (no epoch, or 0 alone) counts at every epoch. For each seed, the mean over the
    folds of the test accuracy at the selected C; then the mean over the seeds, in per cent. `std_seeds` is the sample
    standard deviation (ddof = 1) of the seeds' means, `std_folds` the mean over the seeds of the sample standard
    deviation over the folds; each is NaN where it has one number to work on. Raises RelampError where a selected test
    accuracy is missing or there twice, or the seeds of a cell differ in their folds or epochs: the mean would not be
    what it says.
    """
    rows = _checked(rows, SVM_ROWS, "SVM rows")
    fold = [*CELL, "seed", "epoch", "fold"]
    chosen = rows[(rows["metric"] == "test_accuracy") & _truth(rows["selected"])].dropna(subset=["value"])
    _no_gap(rows, chosen, fold, "there is no test accuracy at the selected C")
    _once(chosen, fold, "a selected test accuracy")
    kept = _at_epoch(chosen, epoch)
    _no_gap(chosen, kept, [*CELL, "seed"], f"there is nothing of epoch {epoch!r}, which the other runs have")
    # A fixed order makes the last bit of every mean independent of the order of the rows.
    by_seed = kept.sort_values(fold).groupby([*CELL, "epoch", "seed"], dropna=False)["value"]
    seeds = by_seed.agg(["mean", "std", "count"]).reset_index()
    _equal_in_a_cell(seeds, "folds")
    by_cell = seeds.groupby([*CELL, "epoch"], dropna=False)
    cells = by_cell.agg(
        mean=("mean", "mean"),
        std_seeds=("mean", "std"),
        std_folds=("std", "mean"),
        seeds=("seed", "count"),
        folds=("count", "first"),
    ).reset_index()
    cells[["mean", "std_seeds", "std_folds"]] *= PER_CENT
    return cells[SVM_CELLS]


def finetune_cells(rows: pd.DataFrame, selection: Literal["last", "valid"] = "last") -> pd.DataFrame:
    """Summarise the rows of the transfer protocol as a paper's table does (LAMP Section 5.1, Table 2).

    `rows` has the columns `FINETUNE_ROWS`, with ROC-AUC as a fraction, empty for a task that lacks one of the two
    classes. For each seed, the mean over the tasks that have a value, on the test split, at the last epoch ("last") or
    at the epoch with the best validation mean ("valid", the earliest of equals); then mean and sample standard
    deviation (ddof = 1) over the seeds, in per cent. `epoch` is the epoch read, NaN where the seeds differ in it.
    Raises RelampError where a score is missing or there twice, or the seeds of a cell differ in their tasks.
    """
    rows = _checked(rows, FINETUNE_ROWS, "fine-tuning rows")
    rows = rows[rows["metric"] == "roc_auc"]
    key = [*CELL, "seed", "epoch", "split", "task"]
    _once(rows, key, "a ROC-AUC")
    run = [*CELL, "seed", "epoch"]
    scored = rows.dropna(subset=["value"]).sort_values(key)
    means = scored.groupby([*run, "split"], dropna=False)["value"].agg(["mean", "count"]).reset_index()
    test = means[means["split"] == "test"]
    if selection == "last":
        # The last epoch of all rows: where its test score is missing, an earlier one must not step in.
        epochs = _at_epoch(rows, "last")[run].drop_duplicates()
    else:
        valid = means[means["split"] == "valid"]
        best_first = valid.sort_values([*CELL, "seed", "mean", "epoch"], ascending=[True] * 5 + [False, True])
        epochs = best_first.drop_duplicates([*CELL, "seed"])[run]
    seeds = epochs.merge(test, on=run).sort_values(run)
    _no_gap(rows, seeds, [*CELL, "seed"], f"there is no test ROC-AUC to read by the rule {selection!r}")
    _equal_in_a_cell(seeds, "tasks with a score")
    cells = seeds.groupby(CELL, dropna=False).agg(
        epoch=("epoch", _common),
        mean=("mean", "mean"),
        std_seeds=("mean", "std"),
        seeds=("seed", "count"),
        tasks=("count", "first"),
    )
    cells = cells.reset_index().assign(selection=selection)
    cells[["mean", "std_seeds"]] *= PER_CENT
    return cells[FINETUNE_CELLS]


def _checked(rows: pd.DataFrame, columns: Sequence[str], what: str) -> pd.DataFrame:
    missing = [name for name in columns if name not in rows]
    if missing:
        raise RelampError(f"{what}: the columns {missing} are missing; the file was written by another version")
    if rows.empty:
        raise RelampError(f"{what}: there are none; run the evaluation first")
    # An all-empty CSV column is read as objects, and would not merge with a column of numbers.
    rows = rows.assign(**{name: rows[name].astype(float) for name in ("gamma", "alpha", "epoch", "value")})
    outside = rows[(rows["value"] < 0) | (rows["value"] > 1)]
    if len(outside):
        raise RelampError(f"{what}: {_name(outside)}: {outside['value'].iloc[0]} is not a fraction between 0 and 1")
    return rows


def _truth(column: pd.Series) -> "pd.Series[bool]":
    """Read True and False as a CSV gives them back: as truth values, numbers or text."""
    text = column.astype(str).str.lower()
    unknown = sorted(set(text) - {"true", "false", "1", "0", "1.0", "0.0"})
    if unknown:
        raise RelampError(f"SVM rows: `selected` is True or False, but {unknown} was found; write the rows again")
    return text.isin(["true", "1", "1.0"])


def _at_epoch(rows: pd.DataFrame, epoch: Literal["last"] | int) -> pd.DataFrame:
    last = rows.groupby(CELL, dropna=False)["epoch"].transform("max")
    wanted = last if epoch == "last" else epoch
    return rows[(rows["epoch"] == wanted) | (last == 0) | last.isna()]


def _no_gap(expected: pd.DataFrame, found: pd.DataFrame, key: list[str], trouble: str) -> None:
    # A merge, since it takes two empty settings for equal, which a set of tuples with NaN does not.
    pairs = expected[key].drop_duplicates().merge(found[key].drop_duplicates(), how="left", indicator=True)
    lost = pairs[pairs["_merge"] == "left_only"]
    if len(lost):
        raise RelampError(f"{_name(lost[key])}: {trouble}; finish this run or leave its rows out")


def _once(rows: pd.DataFrame, key: list[str], what: str) -> None:
    twice = rows[rows.duplicated(key)]
    if len(twice):
        raise RelampError(f"{_name(twice[key])}: {what} is there twice; pass every file of rows once")


def _equal_in_a_cell(seeds: pd.DataFrame, what: str) -> None:
    uneven = seeds[seeds["count"] != seeds.groupby(CELL, dropna=False)["count"].transform("max")]
    if len(uneven):
        raise RelampError(f"{_name(uneven)}: has fewer {what} than the other seeds; finish this run or leave it out")


def _name(rows: pd.DataFrame) -> str:
    """Name the first of the rows by its settings, leaving out the empty ones."""
    first = rows.iloc[0]
    names = [name for name in (*CELL, "seed", "epoch", "fold", "split", "task") if name in rows]
    return ", ".join(f"{name} {first[name]}" for name in names if not pd.isna(first[name]))


def _common(epochs: "pd.Series[float]") -> float:
    first = epochs.iloc[0]
    alike = bool((epochs == first).all()) and not pd.isna(first)
    return float(first) if alike else float("nan")
