"""The papers' tables with the reproduced rows beside the published ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
from rich.table import Table as RichTable

from relamp.errors import RelampError
from relamp.judge.checks import once
from relamp.judge.published import AVERAGES, RANK, SPLITS, paper_aggregates, paper_datasets
from relamp.judge.runs import all_runs, cells
from relamp.judge.words import METRICS
from relamp.render.markup import Block, TextTable, with_spread
from relamp.render.style import in_order, label, ordered, ordered_methods, short_name

PUBLISHED = "published"
REPRODUCED = "reproduced here"
# What the CSV holds; `decimals` beside them is how a number is shown.
COLUMNS = ["source", "method", "label", "dataset", "value", "spread", "spread_meaning", "n_seeds", "n_folds"]


def render_table(
    rows: Mapping[str, pd.DataFrame],
    published: pd.DataFrame,
    title: str,
    shows: Sequence[str] | None = None,
    transposed: bool = False,
    second: bool = False,
) -> TextTable:
    """Return a table of a paper: its printed cells, and those of this run computed from stored rows.

    A data set that has several metrics or parts (n=50) in the paper has a column for each of them.

    Args:
        rows: stored rows by the name of their evaluation; none where nothing was run.
        published: the printed cells, see `relamp.judge.published.load_published`.
        title: first words of the caption.
        shows: methods of this run that are shown beside those that the paper prints, in this order; None for all.
        transposed: data sets as rows.
        second: whether the paper underlines the second best number.

    Raises:
        RelampError: as `comparison_table` does.
    """
    mine = cells(all_runs(rows)) if rows else pd.DataFrame(columns=["method", "dataset", "metric", "part"])
    mine = mine.rename(columns={"part": "protocol"})
    if "protocol" in published and published["protocol"].isin(SPLITS).all():
        # It describes how a data set is split, and tells no two cells of one data set apart.
        published = published.drop(columns="protocol")
    methods = None if shows is None else list(dict.fromkeys([*published["method"], *shows]))
    if methods is not None:
        mine = mine[mine["method"].isin(methods)]
        methods = [name for name in methods if name in {*published["method"], *mine["method"]}]
    if "protocol" in published or published.groupby("dataset")["metric"].nunique().max() > 1:
        published, mine = _columns_apart(published), _columns_apart(mine)
    return comparison_table(published, mine, title, methods, transposed, second)


def comparison_table(
    published: pd.DataFrame,
    cells: pd.DataFrame,
    title: str = "",
    methods: Sequence[str] | None = None,
    transposed: bool = False,
    second: bool = False,
) -> TextTable:
    """Put the published cells of a table and the reproduced ones over the same columns: the paper's, then others.

    `cells` has one row per method and data set: mean and std_seeds in the units of the paper, seeds, folds (missing
    where there are none) and spread_meaning; none of them where there are no rows. All else is as in `render_table`.
    A reproduced average covers exactly the paper's data sets, so it is absent where one of them is; a reproduced
    average rank has no meaning beside other rivals, so there is none. Raises RelampError for duplicate cells (several
    settings or epochs), and for methods that nobody has.
    """
    once(cells, ["method", "dataset"], "a cell of the table", "choose one setting and one epoch")
    of_paper = paper_datasets(published)
    extra = [name for name in ordered(cells["dataset"]) if name not in of_paper]
    columns = [*of_paper, *paper_aggregates(published), *extra]
    printed = published.assign(source=PUBLISHED)
    rows = pd.concat([printed, _reproduced_rows(published, cells, of_paper)], ignore_index=True)
    wanted = [*published["method"], *ordered_methods(cells["method"])] if methods is None else methods
    wanted = list(dict.fromkeys(wanted))
    if nobody := sorted(set(wanted) - set(rows["method"])):
        known = ", ".join(pd.unique(rows["method"]).tolist())
        raise RelampError(f"table: neither the paper nor the reproduced cells have {nobody}; known: {known}")
    rows = rows.reindex(columns=[*COLUMNS, "decimals"]).astype({"n_seeds": "Int64", "n_folds": "Int64"})
    rows = rows[rows["method"].isin(wanted) & rows["dataset"].isin(columns)].dropna(subset=["value"])
    rows = in_order(rows, {"source": [PUBLISHED, REPRODUCED], "method": wanted, "dataset": columns})
    spelt = [" ".join(METRICS.get(word, word) for word in short_name(column).split(" ")) for column in columns]
    titles = [name + (" †" if column in extra else "") for name, column in zip(spelt, columns, strict=True)]
    best = {title: "lowest" if column == RANK else "highest" for title, column in zip(titles, columns, strict=True)}
    return replace(_laid_out(rows, columns, titles, _caption(rows, title, extra), transposed), best=best, second=second)


def numbers_in_common(rows: pd.DataFrame, title: str = "") -> RichTable:
    """Return published, reproduced and difference of all numbers that both have, to print at the end of a run.

    `rows` are the numbers of one or several comparison tables.
    """
    sides = [rows[rows["source"] == source] for source in (PUBLISHED, REPRODUCED)]
    both = sides[0].merge(sides[1], on=["method", "dataset"], suffixes=("", "_here"))
    table = RichTable(title=title or None, caption=None if len(both) else "no number in common with the paper")
    for head in ("method", "data set"):
        table.add_column(head, no_wrap=True)
    for head in (PUBLISHED, REPRODUCED, "difference"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in both.to_dict("records"):
        numbers = with_spread(row["value"], row["spread"]), with_spread(row["value_here"], row["spread_here"])
        table.add_row(row["label"], short_name(row["dataset"]), *numbers, f"{row['value_here'] - row['value']:+.2f}")
    return table


def _columns_apart(cells: pd.DataFrame) -> pd.DataFrame:
    """Make each metric and part of a data set a column of its own."""
    names = cells["dataset"] + " " + cells["metric"].replace({name: METRICS[name] for name in ("nmi", "ari")})
    if "protocol" in cells:
        names = names + " " + cells["protocol"].fillna("")
    return cells.assign(dataset=names.astype(str).str.strip())


def _reproduced_rows(published: pd.DataFrame, cells: pd.DataFrame, of_paper: Sequence[str]) -> pd.DataFrame:
    names = {"mean": "value", "std_seeds": "spread", "seeds": "n_seeds", "folds": "n_folds"}
    rows = cells.reindex(columns=["method", "dataset", *names, "spread_meaning"]).rename(columns=names)
    rows = rows.astype({"n_seeds": "Int64", "n_folds": "Int64"})
    averages = []
    for name in paper_aggregates(published):
        for method, mine in rows.groupby("method"):
            values = mine.set_index("dataset")["value"].reindex(list(of_paper))
            if name in AVERAGES and values.notna().all():
                averages.append({"method": method, "dataset": name, "value": values.mean(), "spread_meaning": ""})
    rows = pd.concat([rows, pd.DataFrame(averages, columns=[*rows.columns])], ignore_index=True) if averages else rows
    # The paper's spelling, where it has the method.
    spelling = dict(zip(published["method"], published["label"], strict=True))
    labels = [spelling.get(method, label(method)) for method in rows["method"]]
    # As many decimals as the paper prints in the column, so that both are read alike.
    printed = published.dropna(subset=["value"]).groupby("dataset")["decimals"].max()
    decimals = rows["dataset"].map(printed).fillna(max(2, int(published["decimals"].max()))).astype(int)
    return rows.assign(source=REPRODUCED, label=labels, decimals=decimals)


def _laid_out(
    rows: pd.DataFrame, columns: Sequence[str], titles: Sequence[str], caption: str, transposed: bool
) -> TextTable:
    texts: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in rows.to_dict("records"):
        cells = texts.setdefault((row["source"], row["label"], row["method"]), {})
        cells[row["dataset"]] = with_spread(row["value"], row["spread"], int(row["decimals"]))
    lines = [(source, name, [cells.get(each, "-") for each in columns]) for (source, name, _), cells in texts.items()]
    sources = list(dict.fromkeys(source for source, _, _ in lines))
    if transposed:
        spans = [("", 1), *((each, sum(source == each for source, _, _ in lines)) for each in sources)]
        block = [list(cells) for cells in zip(titles, *(cells for _, _, cells in lines), strict=True)]
        head = ["", *(name for _, name, _ in lines)]
        return TextTable(rows[COLUMNS], head, {"": block}, caption, text_columns=1, spans=spans)
    blocks: dict[str, Block] = {
        each: [[source, name, *cells] for source, name, cells in lines if source == each] for each in sources
    }
    return TextTable(rows[COLUMNS], ["source", "method", *titles], blocks, caption, text_columns=2, own=REPRODUCED)


def _caption(rows: pd.DataFrame, title: str, not_in_paper: Sequence[str]) -> str:
    """Return a caption that says which rows are whose, and what each ± means."""
    parts = [title if title.endswith(".") else f"{title}."] if title else []
    for source, what in ((PUBLISHED, "copied from the paper"), (REPRODUCED, "run by this pipeline")):
        mine = rows[rows["source"] == source]
        meanings = [text for text in pd.unique(mine["spread_meaning"]).tolist() if text]
        if len(mine):
            where, none = (
                (" in the paper", "none is printed") if source == PUBLISHED else ("", "none, since there is one seed")
            )
            spread = "; ".join(meanings) + where if meanings else none
            parts.append(f"Rows marked “{source}” are {what}; ±: {spread}.")
    if set(rows["dataset"]) & set(AVERAGES):
        parts.append("A reproduced average is given only over all data sets of the paper.")
    parts.append("- : no number.")
    if not_in_paper:
        parts.append("† : not in the paper.")
    return " ".join(parts)
