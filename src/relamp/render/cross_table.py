"""All graph-level methods on all data sets of graphs, whichever paper they are from: a table that neither paper has."""

import pandas as pd

from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.checks import DECIMALS, once
from relamp.judge.intervals import TASK, cell_intervals
from relamp.judge.published import RANK
from relamp.judge.ranks import average_ranks
from relamp.render.markup import Block, TextTable, with_spread
from relamp.render.style import in_order, label, ordered, ordered_methods, short_name

COLUMNS = ["evaluation", "method", "label", "dataset", "value", "spread", "seeds", "folds", "datasets"]
_CAPTION = (
    "Accuracy (%) of all graph-level methods on all data sets of graphs of both papers that were run; neither paper "
    "has this table. Mean and sample standard deviation (±) over {seeds} of the mean over {folds} folds, at the "
    "tables' settings and the last epoch; “as in its code”: with the encoder, features, epochs and constants of the "
    "method's public code, and in a block of its own by its evaluation, where that is another. Within a block all "
    "methods share folds, seeds and evaluation; kernels are scored by an SVM on their own matrix in both blocks. A.R.: "
    "average rank (1 is best) among the methods of the block that have the data set; equal values share their rank; "
    "the average is over those data sets of the method that at least one other method has, and n is their number. "
    "Compare ranks only between methods that have the same data sets. Empty: not run."
)


def cross_table(rows: pd.DataFrame) -> TextTable:
    """Return one table of methods by data sets, a block for each evaluation, with average ranks.

    `rows` are scores of `relamp.judge.runs`, of the protocol `fixed` alone. The numbers (`COLUMNS`) have one row per
    cell; average ranks are those of the data set A.R., and only they have `datasets`, the number of data sets that they
    are over. Raises RelampError where there are no scores.
    """
    if rows.empty:
        raise RelampError("cross table: there is no accuracy of an SVM; evaluate a method on graphs first")
    rows = _with_ranks(cell_intervals(rows, by=[*TASK, "evaluation"]))
    numbers = rows[rows["dataset"] != RANK]
    names = ordered(numbers["dataset"])
    caption = _CAPTION.format(seeds=_count(numbers["seeds"], "seeds"), folds=_count(numbers["folds"], ""))
    by_evaluation = rows.groupby("evaluation", sort=False)
    blocks = {EVALUATIONS[str(name)].title: _block(part, names) for name, part in by_evaluation}
    if len(blocks) == 1:
        # A single block has no line with its name.
        caption = f"{next(iter(blocks))}. {caption}"
    best = {**dict.fromkeys(map(short_name, names), "highest"), RANK: "lowest"}
    return TextTable(rows, ["method", *map(short_name, names), RANK, "n"], blocks, caption, best=best)


def _with_ranks(cells: pd.DataFrame) -> pd.DataFrame:
    once(cells, ["evaluation", "method", "dataset"], "a cell of the cross table", "keep one of them")
    rows = cells.rename(columns={"mean": "value", "std_seeds": "spread"})
    ranks = [_ranks(part).assign(evaluation=name) for name, part in rows.groupby("evaluation", sort=False)]
    names, methods = [*ordered(rows["dataset"]), RANK], ordered_methods(rows["method"])
    orders = {"evaluation": [*EVALUATIONS], "method": methods, "dataset": names}
    rows = in_order(pd.concat([rows, *ranks], ignore_index=True), orders)
    rows = rows.assign(label=[label(method) for method in rows["method"]])
    return rows.reindex(columns=COLUMNS).astype(dict.fromkeys(("seeds", "folds", "datasets"), "Int64"))


def _ranks(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the average rank of each method over the data sets that several methods have."""
    table = cells.assign(value=cells["value"].round(DECIMALS)).pivot_table("value", "method", "dataset", dropna=False)
    table = table.loc[:, table.notna().sum() > 1]
    ranks = average_ranks(table).rename("value").dropna()
    return ranks.reset_index().assign(dataset=RANK, datasets=table.notna().sum(axis=1).reindex(ranks.index).to_numpy())


def _block(rows: pd.DataFrame, names: list[str]) -> Block:
    lines = []
    for _, mine in rows.groupby("method", sort=False):
        texts = {row["dataset"]: with_spread(row["value"], row["spread"]) for row in mine.to_dict("records")}
        ranked = mine.loc[mine["dataset"] == RANK, "datasets"]
        count = str(ranked.iloc[0]) if len(ranked) else ""
        lines.append([mine["label"].iloc[0], *(texts.get(name, "") for name in (*names, RANK)), count])
    return lines


def _count(numbers: "pd.Series[int]", what: str) -> str:
    """Say one number, or the range where data sets differ."""
    low, high = int(numbers.min()), int(numbers.max())
    return f"{low if low == high else f'{low} to {high}'} {what}".rstrip()
