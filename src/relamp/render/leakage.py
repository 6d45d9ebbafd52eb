"""The leakage gap: what choosing settings and epochs on test scores adds, as a figure and as a table."""

from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from relamp.errors import RelampError
from relamp.judge.runs import LEAKAGE
from relamp.judge.words import LEAKAGE_WORDS
from relamp.method.table import METHODS
from relamp.render.markup import Block, html_page, markdown_table
from relamp.render.style import in_style, label, ordered, panels, short_name
from relamp.runtime.files import write_csv, write_text

HEAD = ("data set", "method", "candidates", "seeds", "folds", "fixed", "nested", "oracle", "gap")
# Colour, shape and height within the row all tell the protocols apart.
_LOOKS = {"fixed": ("#000000", "s", -0.28), "nested": ("#0072B2", "o", 0.0), "oracle": ("#D55E00", "D", 0.28)}
_ROW = 0.3  # inches a method
_COLUMNS = 3


def leakage_figure(gaps: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw fixed, nested and oracle scores of each method, a panel a data set, with the gap written beside them.

    `gaps` are those of `relamp.judge.runs.leakage_gaps`. Returns the figure and what is plotted, in per cent.
    Raises RelampError where there are none, or a method has a duplicate on a data set.
    """
    plotted = leakage_rows(gaps)
    names = ordered(plotted["dataset"])
    most = int(plotted.groupby("dataset").size().max())
    with in_style():
        size = (3.7, _ROW * most + 0.75)
        figure, axes = panels([short_name(name) for name in names], most_columns=_COLUMNS, size=size)
        for axis, name in zip(axes, names, strict=True):
            _draw(axis, plotted[plotted["dataset"] == name])
        handles = [
            Line2D([], [], color=colour, marker=marker, linestyle="", label=name)
            for name, (colour, marker, _) in _LOOKS.items()
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
        figure.supxlabel("score (%); gap: oracle − nested, in points", fontsize="medium")
        # The gaps of one panel and the methods of the next need some air between them.
        if isinstance(layout := figure.get_layout_engine(), ConstrainedLayoutEngine):
            layout.set(w_pad=0.12)
    return figure, plotted


def leakage_rows(gaps: pd.DataFrame) -> pd.DataFrame:
    """Return the gaps in the order shown: data sets as in the papers, methods as in relamp's table, then by name."""
    if gaps.empty:
        raise RelampError("leakage gap: there are no gaps to show; compute the scores of all protocols first")
    twice = gaps[gaps.duplicated(["method", "dataset"])]
    if len(twice):
        raise RelampError(f"leakage gap: {twice.iloc[0]['method']} on {twice.iloc[0]['dataset']} is a duplicate")
    orders = {"dataset": ordered(gaps["dataset"]), "method": _methods(gaps["method"])}
    rows = gaps.sort_values(list(orders), key=lambda column: column.map(orders[str(column.name)].index))
    return rows[LEAKAGE].reset_index(drop=True)


def leakage_markdown(gaps: pd.DataFrame) -> str:
    """Return the gaps as a Markdown table with its caption below."""
    return markdown_table(HEAD, {"": _block(gaps)}, LEAKAGE_WORDS, text_columns=2)


def leakage_page(gaps: pd.DataFrame) -> str:
    """Return the gaps as an HTML page with its caption below."""
    return html_page(HEAD, {"": _block(gaps)}, LEAKAGE_WORDS, text_columns=2)


def write_leakage_table(gaps: pd.DataFrame, stem: Path | str) -> list[Path]:
    """Write `stem`.csv (all digits), .md and .html, each as a whole; raises RelampError if one cannot be written."""
    stem = Path(stem)
    table = stem.with_name(f"{stem.name}.csv")
    write_csv(table, leakage_rows(gaps))
    texts = {"md": leakage_markdown(gaps), "html": leakage_page(gaps)}
    for kind, text in texts.items():
        write_text(stem.with_name(f"{stem.name}.{kind}"), text)
    return [table, *(stem.with_name(f"{stem.name}.{kind}") for kind in texts)]


def _methods(names: Iterable[str]) -> list[str]:
    found = set(names)
    return [name for name in METHODS["graphs"] if name in found] + sorted(found - set(METHODS["graphs"]))


def _block(gaps: pd.DataFrame) -> Block:
    return [
        [
            short_name(row["dataset"]),
            label(row["method"]),
            *(f"{row[name]:,}" if row[name] else "-" for name in ("candidates", "seeds", "folds")),
            *(f"{row[name]:.2f}" for name in _LOOKS),
            _gap(row, digits=2),
        ]
        for row in leakage_rows(gaps).to_dict("records")
    ]


def _gap(row: Mapping[Hashable, Any], digits: int) -> str:
    """Say a gap with its sign; none where there was nothing to choose."""
    return f"{row['gap']:+.{digits}f}" if row["candidates"] > 1 else "-"


def _draw(axis: Axes, rows: pd.DataFrame) -> None:
    places = range(len(rows))
    for place, row in enumerate(rows.to_dict("records")):
        ends = [place + _LOOKS[name][2] for name in ("nested", "oracle")]
        axis.plot([row["nested"], row["oracle"]], ends, color=_LOOKS["oracle"][0], linewidth=1.0, zorder=1)
        axis.text(
            1.02,
            place,
            _gap(row, digits=1),
            transform=axis.get_yaxis_transform(),
            va="center",
            fontsize="small",
        )
    for name, (colour, marker, shift) in _LOOKS.items():
        heights = [place + shift for place in places]
        axis.plot(rows[name], heights, color=colour, marker=marker, markersize=3.5, linestyle="")
    axis.text(1.02, 1.0, "gap", transform=axis.transAxes, va="bottom", fontsize="small")
    axis.margins(x=0.06)
    # The first method at the top, and half a row of air at both ends.
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_yticks(places, [label(method) for method in rows["method"]])
    axis.tick_params(axis="y", length=0)
    axis.grid(visible=False, axis="y")
    for place in places[:-1]:
        axis.axhline(place + 0.5, color="0.88", linewidth=0.6, zorder=0)
