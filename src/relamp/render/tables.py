"""The papers' tables with the reproduced rows beside the published ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.table import Table as RichTable

from relamp.errors import RelampError
from relamp.judge.published import AVERAGES, paper_aggregates, paper_datasets
from relamp.method.table import METHODS
from relamp.render.markup import Block, html_page, latex_table, markdown_table
from relamp.render.style import label, ordered, short_name
from relamp.runtime.files import write_csv, write_text

PUBLISHED = "published"
REPRODUCED = "reproduced here"
# What the CSV holds; `decimals` beside them is how a number is shown.
COLUMNS = ["source", "method", "label", "dataset", "value", "spread", "spread_meaning", "n_seeds", "n_folds"]


@dataclass(frozen=True)
class ComparisonTable:
    """Published and reproduced rows over the same columns.

    Attributes:
        rows: one row a number, with the columns `COLUMNS` and decimals; cells without a number are absent.
        columns: data sets and aggregates, in the order shown.
        not_in_paper: those of them that the paper does not have, marked by a dagger.
        caption: what is shown, and what each ± means.
        transposed: data sets as rows, as in LAMP's Table 3.
    """

    rows: pd.DataFrame
    columns: tuple[str, ...]
    not_in_paper: tuple[str, ...]
    caption: str
    transposed: bool = False

    def to_csv(self) -> str:
        """Return the numbers in long format, with all their digits."""
        return str(self.rows[COLUMNS].to_csv(index=False))

    def to_markdown(self) -> str:
        """Return a Markdown table with short names, mean ± spread, and its caption below."""
        return markdown_table(*self._laid_out())

    def to_html(self) -> str:
        """Return an HTML page with short names, mean ± spread, and its caption below."""
        return html_page(*self._laid_out())

    def to_latex(self) -> str:
        """Return a LaTeX table (packages booktabs, graphicx) with short names, mean ± spread, and its caption above."""
        if self.transposed:
            lines = self._lines()
            spans = [("", 1), *((s, sum(source == s for source, _, _ in lines)) for s in self._sources())]
            head = ["", *(name for _, _, name in lines)]
            return latex_table(head, {"": self._by_data_set()}, self.caption, text_columns=1, spans=spans)
        return latex_table(*self._laid_out())

    def write(self, stem: Path | str) -> list[Path]:
        """Write `stem`.csv, .md, .tex and .html, each as a whole; raises RelampError if one cannot be written."""
        stem = Path(stem)
        table = stem.with_name(f"{stem.name}.csv")
        write_csv(table, self.rows[COLUMNS])
        texts = {"md": self.to_markdown(), "tex": self.to_latex(), "html": self.to_html()}
        for kind, text in texts.items():
            write_text(stem.with_name(f"{stem.name}.{kind}"), text)
        return [table, *(stem.with_name(f"{stem.name}.{kind}") for kind in texts)]

    def _laid_out(self) -> tuple[list[str], dict[str, Block], str, int]:
        """Return the head, the blocks, the caption and the number of text columns, where a head has one line."""
        if self.transposed:
            head = ["", *(f"{name} ({source})" for source, _, name in self._lines())]
            return head, {"": self._by_data_set()}, self.caption, 1
        return ["source", "method", *map(self._title, self.columns)], self._by_method(), self.caption, 2

    def _sources(self) -> list[str]:
        return [source for source in (PUBLISHED, REPRODUCED) if source in set(self.rows["source"])]

    def _lines(self) -> list[tuple[str, str, str]]:
        unique = self.rows[["source", "method", "label"]].drop_duplicates()
        return list(zip(unique["source"], unique["method"], unique["label"], strict=True))

    def _title(self, column: str) -> str:
        return short_name(column) + (" †" if column in self.not_in_paper else "")

    def _shown(self, source: str, method: str) -> list[str]:
        mine = self.rows[(self.rows["source"] == source) & (self.rows["method"] == method)]
        texts = {row["dataset"]: _text(row) for _, row in mine.iterrows()}
        return [texts.get(column, "-") for column in self.columns]

    def _by_method(self) -> dict[str, Block]:
        lines = [(source, [source, name, *self._shown(source, method)]) for source, method, name in self._lines()]
        return {source: [line for of, line in lines if of == source] for source in self._sources()}

    def _by_data_set(self) -> Block:
        columns = [self._shown(source, method) for source, method, _ in self._lines()]
        return [[self._title(title), *cells] for title, *cells in zip(self.columns, *columns, strict=True)]


def comparison_table(
    published: pd.DataFrame,
    cells: pd.DataFrame,
    title: str = "",
    datasets: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    transposed: bool = False,
) -> ComparisonTable:
    """Put the published cells of a table and the reproduced ones over the same columns.

    Args:
        published: of one artifact, see `relamp.judge.published.load_published`.
        cells: of `relamp.judge.runs.cells`, one a method and data set.
        title: first words of the caption.
        datasets: columns; by default all of the paper's in its order, then those that were reproduced only.
        methods: rows of both blocks; by default all.
        transposed: data sets as rows.

    A reproduced average covers exactly the paper's data sets, so it is absent where one of them is; a reproduced
    average rank has no meaning beside other rivals, so there is none. Raises RelampError for a cell that is there
    twice (several gammas or epochs), and for methods that nobody has.
    """
    _check(cells)
    of_paper = paper_datasets(published)
    shown = list(datasets) if datasets is not None else [*of_paper, *_extra(cells, of_paper)]
    columns = [*(d for d in shown if d in of_paper), *paper_aggregates(published)]
    extra = [d for d in shown if d not in of_paper]
    rows = pd.concat([_published_rows(published), _reproduced_rows(published, cells, of_paper)], ignore_index=True)
    wanted = _method_order(published, cells) if methods is None else list(methods)
    nobody = sorted(set(wanted) - set(rows["method"]))
    if nobody:
        raise RelampError(f"table: neither the paper nor the reproduced cells have {nobody}; known: {_known(rows)}")
    rows = rows.reindex(columns=[*COLUMNS, "decimals"]).astype({"n_seeds": "Int64", "n_folds": "Int64"})
    rows = rows[rows["method"].isin(wanted) & rows["dataset"].isin([*columns, *extra])].dropna(subset=["value"])
    orders = {"source": [PUBLISHED, REPRODUCED], "method": wanted, "dataset": [*columns, *extra]}
    rows = rows.sort_values(list(orders), key=lambda column: column.map(orders[str(column.name)].index))
    caption = caption_text(rows, title, extra)
    return ComparisonTable(rows.reset_index(drop=True), (*columns, *extra), tuple(extra), caption, transposed)


def caption_text(rows: pd.DataFrame, title: str = "", not_in_paper: Sequence[str] = ()) -> str:
    """Return a caption that says which rows are whose, and what each ± means."""
    parts = [title if title.endswith(".") else f"{title}."] if title else []
    for source, meaning in ((PUBLISHED, "{} in the paper"), (REPRODUCED, "{}")):
        mine = rows[rows["source"] == source]
        meanings = [text for text in pd.unique(mine["spread_meaning"]).tolist() if text]
        if len(mine):
            what = "copied from the paper" if source == PUBLISHED else "run by this pipeline"
            spread = meaning.format("; ".join(meanings)) if meanings else "none, since there is one seed"
            parts.append(f"Rows marked “{source}” are {what}; ±: {spread}.")
    if set(rows["dataset"]) & set(AVERAGES):
        parts.append("A reproduced average is given only over all data sets of the paper.")
    parts.append("- : no number.")
    if not_in_paper:
        parts.append("† : not in the paper.")
    return " ".join(parts)


def terminal_table(published: pd.DataFrame, cells: pd.DataFrame, title: str = "") -> RichTable:
    """Return published, reproduced and difference of all numbers that both have, to print at the end of a run."""
    return numbers_in_common(comparison_table(published, cells).rows, title)


def numbers_in_common(rows: pd.DataFrame, title: str = "") -> RichTable:
    """Return what `terminal_table` does from the rows of a comparison table, as they are or read back from its CSV."""
    sides = [rows[rows["source"] == source] for source in (PUBLISHED, REPRODUCED)]
    both = sides[0].merge(sides[1], on=["method", "dataset"], suffixes=("", "_here"))
    table = RichTable(title=title or None, caption=None if len(both) else "no number in common with the paper")
    for head in ("method", "data set"):
        table.add_column(head, no_wrap=True)
    for head in (PUBLISHED, REPRODUCED, "difference"):
        table.add_column(head, justify="right", no_wrap=True)
    for _, row in both.iterrows():
        here = pd.Series({"value": row["value_here"], "spread": row["spread_here"]})
        difference = row["value_here"] - row["value"]
        table.add_row(row["label"], short_name(row["dataset"]), _text(row), _text(here), f"{difference:+.2f}")
    return table


def _check(cells: pd.DataFrame) -> None:
    twice = cells[cells.duplicated(["method", "dataset"])]
    if len(twice):
        first = twice.iloc[0]
        raise RelampError(
            f"table: {first['method']} on {first['dataset']} has several cells; choose one gamma, one alpha, one epoch"
        )


def _published_rows(published: pd.DataFrame) -> pd.DataFrame:
    columns = ["method", "label", "dataset", "value", "spread", "spread_meaning", "decimals"]
    return published[columns].assign(source=PUBLISHED)


def _reproduced_rows(published: pd.DataFrame, cells: pd.DataFrame, of_paper: Sequence[str]) -> pd.DataFrame:
    rows = cells[["method", "dataset"]].assign(value=cells["mean"], spread=cells["std_seeds"])
    rows = rows.assign(n_seeds=cells["seeds"].astype("Int64"), spread_meaning=_meanings(cells))
    if "folds" in cells:
        rows = rows.assign(n_folds=cells["folds"].astype("Int64"))
    averages = []
    for name in paper_aggregates(published):
        for method, mine in rows.groupby("method"):
            values = mine.set_index("dataset")["value"].reindex(list(of_paper))
            if name in AVERAGES and values.notna().all():
                averages.append({"method": method, "dataset": name, "value": values.mean(), "spread_meaning": ""})
    rows = pd.concat([rows, pd.DataFrame(averages, columns=[*rows.columns])], ignore_index=True) if averages else rows
    # The paper's spelling, where it has the method.
    spelling = dict(zip(published["method"], published["label"], strict=True))
    names = [spelling.get(method, label(method)) for method in rows["method"]]
    return rows.assign(source=REPRODUCED, label=names, decimals=max(2, int(published["decimals"].max())))


def _meanings(cells: pd.DataFrame) -> list[str]:
    """Say of each cell what its spread is: in its own words, or of the mean over folds or over molecular tasks."""
    if "spread_meaning" in cells:
        return cells["spread_meaning"].tolist()
    meanings = []
    for _, cell in cells.iterrows():
        mean = f"{cell['folds']}-fold mean" if "folds" in cells else "mean over tasks"
        spread = f"standard deviation over {cell['seeds']} seeds of the {mean}"
        meanings.append("" if pd.isna(cell["std_seeds"]) else spread)
    return meanings


def _extra(cells: pd.DataFrame, of_paper: Sequence[str]) -> list[str]:
    return [name for name in ordered(cells["dataset"]) if name not in of_paper]


def _method_order(published: pd.DataFrame, cells: pd.DataFrame) -> list[str]:
    others = sorted(set(cells["method"]) - set(METHODS))
    own = [method for method in METHODS if method in set(cells["method"])]
    return list(dict.fromkeys([*published["method"], *own, *others]))


def _known(rows: pd.DataFrame) -> str:
    return ", ".join(pd.unique(rows["method"]).tolist())


def _text(row: pd.Series) -> str:
    digits = int(row.get("decimals", 2))
    spread = "" if pd.isna(row["spread"]) else f"±{row['spread']:.{digits}f}"
    return f"{row['value']:.{digits}f}{spread}"
