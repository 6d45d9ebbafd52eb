"""The leakage gap: what choosing settings, epochs and C on test scores adds, as a figure and as a table."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from relamp.errors import RelampError
from relamp.judge.runs import leakage_gaps
from relamp.judge.words import LEAKAGE_WORDS
from relamp.render.markup import TextTable
from relamp.render.style import in_order, in_style, is_left, label, legend, ordered, ordered_methods, panels, short_name
from relamp.settings.judging import PROTOCOLS

_HEAD = ("data set", "method", "candidates", "seeds", "folds", *PROTOCOLS, "gap")
# Colour, shape and height within the row all tell the protocols apart.
_LOOKS = {
    "fixed": ("#000000", "s", -0.36),
    "nested": ("#0072B2", "o", -0.12),
    "oracle": ("#D55E00", "D", 0.12),
    # Looser rules of public codes share a height.
    "epoch-on-test": ("#7F7F7F", "|", 0.36),
    "setting-on-test": ("#7F7F7F", "1", 0.36),
    "C-on-test": ("#7F7F7F", "x", 0.36),
    "all-on-test": ("#7F7F7F", "+", 0.36),
}
_ROW = 0.3  # inches per method
_COLUMNS = 4


def leakage_figure(rows: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw the scores of each method in each protocol, a panel for each data set, with the gap beside them.

    `rows` are scores of `relamp.judge.runs`, of all protocols. Returns the figure and one row per method and data set,
    see `relamp.judge.runs.leakage_gaps`. Raises RelampError where there are no scores.
    """
    plotted = _gaps(rows)
    # One list of methods for all panels: names stand on the left alone.
    methods, names = ordered_methods(plotted["method"]), ordered(plotted["dataset"])
    with in_style():
        height = _ROW * len(methods) + 0.35
        figure, axes = panels([short_name(name) for name in names], _COLUMNS, height, narrow=1, above=0.5)
        for axis, name in zip(axes, names, strict=True):
            _draw(axis, plotted[plotted["dataset"] == name], methods)
        handles = [
            Line2D([], [], color=colour, marker=marker, linestyle="", label=name)
            for name, (colour, marker, _) in _LOOKS.items()
        ]
        legend(figure, handles)
        figure.supxlabel("score (%); gap: oracle − nested, in points", fontsize="medium")
        # The gaps of one panel and the next one need some air between them.
        if isinstance(layout := figure.get_layout_engine(), ConstrainedLayoutEngine):
            layout.set(w_pad=0.06)
    return figure, plotted


def leakage_table(rows: pd.DataFrame) -> TextTable:
    """Return the numbers of `leakage_figure`, of the same scores, as a table."""
    gaps = _gaps(rows)
    lines = [
        [
            short_name(row["dataset"]),
            label(row["method"]),
            *(f"{row[name]:,}" if row[name] else "-" for name in ("candidates", "seeds", "folds")),
            *(f"{row[name]:.2f}" for name in PROTOCOLS),
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


def _draw(axis: Axes, rows: pd.DataFrame, methods: Sequence[str]) -> None:
    places = [methods.index(name) for name in rows["method"]]
    for place, row in zip(places, rows.to_dict("records"), strict=True):
        ends = [place + _LOOKS[name][2] for name in ("nested", "oracle")]
        axis.plot([row["nested"], row["oracle"]], ends, color=_LOOKS["oracle"][0], linewidth=1.0, zorder=1)
        gap = _gap(row, digits=1)
        axis.text(1.03, place, gap, transform=axis.get_yaxis_transform(), va="center", fontsize="small")
    for name, (colour, marker, shift) in _LOOKS.items():
        heights = [place + shift for place in places]
        axis.plot(rows[name], heights, color=colour, marker=marker, markersize=3, linestyle="")
    axis.text(1.03, 1.0, "gap", transform=axis.transAxes, va="bottom", fontsize="small")
    axis.margins(x=0.06)
    axis.xaxis.set_major_locator(MaxNLocator(4))
    # The first method at the top, and half a row of air at both ends.
    axis.set_ylim(len(methods) - 0.5, -0.5)
    axis.set_yticks(range(len(methods)), [label(name) for name in methods])
    axis.tick_params(axis="y", length=0, labelleft=is_left(axis))
    axis.grid(visible=False, axis="y")
    for between in range(len(methods) - 1):
        axis.axhline(between + 0.5, color="0.88", linewidth=0.6, zorder=0)
