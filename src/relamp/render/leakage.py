"""The leakage gap: what choosing settings and epochs on test scores adds, as a figure and as a table."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from relamp.errors import RelampError
from relamp.judge.runs import leakage_gaps
from relamp.judge.words import LEAKAGE_WORDS
from relamp.render.markup import TextTable
from relamp.render.style import dataset_panels, in_order, in_style, label, ordered, ordered_methods, short_name

_HEAD = ("data set", "method", "candidates", "seeds", "folds", "fixed", "nested", "oracle", "gap")
# Colour, shape and height within the row all tell the protocols apart.
_LOOKS = {"fixed": ("#000000", "s", -0.28), "nested": ("#0072B2", "o", 0.0), "oracle": ("#D55E00", "D", 0.28)}
_ROW = 0.3  # inches per method
_COLUMNS = 3


def leakage_figure(rows: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw fixed, nested and oracle scores of each method, a panel for each data set, with the gap beside them.

    `rows` are scores of `relamp.judge.runs`, of all protocols. Returns the figure and one row per method and data set,
    see `relamp.judge.runs.leakage_gaps`. Raises RelampError where there are no scores.
    """
    plotted = _gaps(rows)
    most = int(plotted.groupby("dataset").size().max())
    with in_style():
        figure = dataset_panels(plotted, _draw, _COLUMNS, size=(3.7, _ROW * most + 0.75))
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


def leakage_table(rows: pd.DataFrame) -> TextTable:
    """Return the numbers of `leakage_figure`, of the same scores, as a table."""
    gaps = _gaps(rows)
    lines = [
        [
            short_name(row["dataset"]),
            label(row["method"]),
            *(f"{row[name]:,}" if row[name] else "-" for name in ("candidates", "seeds", "folds")),
            *(f"{row[name]:.2f}" for name in _LOOKS),
            _gap(row, digits=2),
        ]
        for row in gaps.to_dict("records")
    ]
    return TextTable(gaps, _HEAD, {"": lines}, LEAKAGE_WORDS, text_columns=2)


def _gaps(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the gaps in the order shown: data sets as in the papers, methods as in relamp's table, then by name."""
    if scores.empty:
        raise RelampError("leakage gap: there are no gaps to show; compute the scores of all protocols first")
    gaps = leakage_gaps(scores)
    return in_order(gaps, {"dataset": ordered(gaps["dataset"]), "method": ordered_methods(gaps["method"])})


def _gap(row: Mapping[Hashable, Any], digits: int) -> str:
    """Say a gap with its sign; none where there was nothing to choose."""
    return f"{row['gap']:+.{digits}f}" if row["candidates"] > 1 else "-"


def _draw(axis: Axes, rows: pd.DataFrame) -> None:
    places = range(len(rows))
    for place, row in enumerate(rows.to_dict("records")):
        ends = [place + _LOOKS[name][2] for name in ("nested", "oracle")]
        axis.plot([row["nested"], row["oracle"]], ends, color=_LOOKS["oracle"][0], linewidth=1.0, zorder=1)
        gap = _gap(row, digits=1)
        axis.text(1.02, place, gap, transform=axis.get_yaxis_transform(), va="center", fontsize="small")
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
