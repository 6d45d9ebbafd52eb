"""All graph-level methods on all data sets of graphs, whichever paper they are from: a table that neither paper has."""

from pathlib import Path

import pandas as pd

from relamp.errors import RelampError
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.published import RANK
from relamp.judge.ranks import average_ranks
from relamp.method.table import METHODS
from relamp.render.markup import Block, html_page, latex_table, markdown_table
from relamp.render.style import label, ordered, short_name
from relamp.runtime.files import write_csv, write_text

COLUMNS = ["evaluation", "method", "label", "dataset", "value", "spread", "seeds", "folds", "datasets"]
_DECIMALS = 12
_CAPTION = (
    "Accuracy (%) of all graph-level methods on all data sets of graphs of both papers that were run, which neither "
    "paper has. Mean and sample standard deviation (±) over {seeds} of the mean over {folds} folds, at the tables' "
    "settings and the last epoch. Within a block all methods share folds, seeds and evaluation; kernels are an SVM "
    "on their own matrix in either block. A.R.: average rank (1 is best) among the methods of the block that have the "
    "data set, equal values sharing theirs, over the data sets that the method has and another one, too; n: their "
    "number. Ranks compare where methods have the same data sets. Empty: not run."
)


def cross_rows(cells: pd.DataFrame) -> pd.DataFrame:
    """Return one row (`COLUMNS`) a number, average ranks as data set A.R., in the order shown.

    `cells` are those of `relamp.judge.intervals.cell_intervals`, with a column `evaluation`. Only an average rank has
    `datasets`, the number of data sets that it is over. Raises RelampError for no cells, and for duplicates.
    """
    if cells.empty:
        raise RelampError("cross table: there is nothing to show; evaluate a method on graphs first")
    twice = cells[cells.duplicated(["evaluation", "method", "dataset"])]
    if len(twice):
        raise RelampError(f"cross table: {twice.iloc[0]['method']} on {twice.iloc[0]['dataset']} is a duplicate")
    names = ordered(cells["dataset"])
    rows = cells.rename(columns={"mean": "value", "std_seeds": "spread"})
    ranks = [_ranks(part).assign(evaluation=name) for name, part in rows.groupby("evaluation", sort=False)]
    rows = pd.concat([rows, *ranks], ignore_index=True)
    rows = rows.assign(label=[label(method) for method in rows["method"]])
    methods = [name for name in METHODS["graphs"] if name in set(rows["method"])]
    methods += sorted(set(rows["method"]) - set(METHODS["graphs"]))
    orders = {"evaluation": [*EVALUATIONS], "method": methods, "dataset": [*names, RANK]}
    rows = rows.sort_values(list(orders), key=lambda column: column.map(orders[str(column.name)].index))
    return rows.reindex(columns=COLUMNS).astype(dict.fromkeys(("seeds", "folds", "datasets"), "Int64"))


def write_cross_table(rows: pd.DataFrame, stem: Path | str) -> list[Path]:
    """Write `stem`.csv (all digits), .md, .tex and .html, each as a whole; raises RelampError if one cannot be."""
    stem = Path(stem)
    table = stem.with_name(f"{stem.name}.csv")
    write_csv(table, rows)
    numbers = rows[rows["dataset"] != RANK]
    names = ordered(numbers["dataset"])
    head = ["method", *map(short_name, names), RANK, "n"]
    caption = _CAPTION.format(seeds=_count(numbers["seeds"], "seeds"), folds=_count(numbers["folds"], ""))
    blocks = {
        EVALUATIONS[str(name)].title: _block(part, names) for name, part in rows.groupby("evaluation", sort=False)
    }
    if len(blocks) == 1:
        # A single block has no line with its name.
        caption = f"{next(iter(blocks))}. {caption}"
    texts = {"md": markdown_table, "tex": latex_table, "html": html_page}
    for kind, write in texts.items():
        write_text(stem.with_name(f"{stem.name}.{kind}"), write(head, blocks, caption, text_columns=1))
    return [table, *(stem.with_name(f"{stem.name}.{kind}") for kind in texts)]


def _ranks(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the average rank of each method over the data sets that several methods have."""
    # Equal means may differ in their last bits.
    table = cells.assign(value=cells["value"].round(_DECIMALS)).pivot_table("value", "method", "dataset", dropna=False)
    table = table.loc[:, table.notna().sum() > 1]
    ranks = average_ranks(table).rename("value").dropna()
    return ranks.reset_index().assign(dataset=RANK, datasets=table.notna().sum(axis=1).reindex(ranks.index).to_numpy())


def _block(rows: pd.DataFrame, names: list[str]) -> Block:
    lines = []
    for _, mine in rows.groupby("method", sort=False):
        texts = {row["dataset"]: _text(row) for _, row in mine.iterrows()}
        ranked = mine.loc[mine["dataset"] == RANK, "datasets"]
        count = str(ranked.iloc[0]) if len(ranked) else ""
        lines.append([mine["label"].iloc[0], *(texts.get(name, "") for name in (*names, RANK)), count])
    return lines


def _text(row: pd.Series) -> str:
    return f"{row['value']:.2f}" + ("" if pd.isna(row["spread"]) else f"±{row['spread']:.2f}")


def _count(numbers: "pd.Series[int]", what: str) -> str:
    """Say one number, or the range where data sets differ."""
    low, high = int(numbers.min()), int(numbers.max())
    return f"{low if low == high else f'{low} to {high}'} {what}".rstrip()
