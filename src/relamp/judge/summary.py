"""From stored rows (one per fold, epoch, C or task) to the cells of the papers' tables."""

from typing import Literal

import pandas as pd

from relamp.errors import RelampError
from relamp.judge.rows import (
    CELL,
    FINETUNE_ROWS,
    PER_CENT,
    SVM_ROWS,
    SVM_RUN,
    finetune_rows,
    name_of,
    no_gap,
    selected_tests,
    task_means,
)

__all__ = ["FINETUNE_CELLS", "FINETUNE_ROWS", "SVM_CELLS", "SVM_ROWS", "finetune_cells", "svm_cells"]

SVM_CELLS = [*CELL, "epoch", "mean", "std_seeds", "std_folds", "seeds", "folds"]
FINETUNE_CELLS = [*CELL, "selection", "epoch", "mean", "std_seeds", "seeds", "tasks"]


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
    chosen = selected_tests(rows)
    kept = _at_epoch(chosen, epoch)
    no_gap(chosen, kept, [*CELL, "seed"], f"there is nothing of epoch {epoch!r}, which the other runs have")
    # A fixed order makes the last bit of every mean independent of the order of the rows.
    by_seed = kept.sort_values(SVM_RUN).groupby([*CELL, "epoch", "seed"], dropna=False)["value"]
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
    rows = finetune_rows(rows)
    run = [*CELL, "seed", "epoch"]
    means = task_means(rows)
    test = means[means["split"] == "test"]
    if selection == "last":
        # The last epoch of all rows: where its test score is missing, an earlier one must not step in.
        epochs = _at_epoch(rows, "last")[run].drop_duplicates()
    else:
        valid = means[means["split"] == "valid"]
        best_first = valid.sort_values([*CELL, "seed", "mean", "epoch"], ascending=[True] * 5 + [False, True])
        epochs = best_first.drop_duplicates([*CELL, "seed"])[run]
    seeds = epochs.merge(test, on=run).sort_values(run)
    no_gap(rows, seeds, [*CELL, "seed"], f"there is no test ROC-AUC to read by the rule {selection!r}")
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


def _at_epoch(rows: pd.DataFrame, epoch: Literal["last"] | int) -> pd.DataFrame:
    last = rows.groupby(CELL, dropna=False)["epoch"].transform("max")
    wanted = last if epoch == "last" else epoch
    return rows[(rows["epoch"] == wanted) | (last == 0) | last.isna()]


def _equal_in_a_cell(seeds: pd.DataFrame, what: str) -> None:
    uneven = seeds[seeds["count"] != seeds.groupby(CELL, dropna=False)["count"].transform("max")]
    if len(uneven):
        raise RelampError(f"{name_of(uneven)}: has fewer {what} than the other seeds; finish this run or leave it out")


def _common(epochs: "pd.Series[float]") -> float:
    first = epochs.iloc[0]
    alike = bool((epochs == first).all()) and not pd.isna(first)
    return float(first) if alike else float("nan")
