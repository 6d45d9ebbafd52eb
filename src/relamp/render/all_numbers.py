"""All numbers of both papers at a glance: published against reproduced."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

from relamp.errors import RelampError
from relamp.render.style import in_style, legend, nothing_figure, panels
from relamp.render.verdict_page import paper_name
from relamp.settings.judging import NOT_RUN, TOO_FEW

HEIGHT = 3.2  # inches
# Colour and mark of each verdict, so that grey tells them apart as well.
_LOOKS = {
    "reproduced": ("#009E73", "o"),
    "better": ("#0072B2", "^"),
    "inconclusive": ("#E69F00", "s"),
    "worse": ("#D55E00", "v"),
    TOO_FEW: ("#999999", "x"),
    "not comparable": ("#CC79A7", "D"),
}
_PLOTTED = ["paper", "artifact", "method", "dataset", "metric", "part", "published", "mean", "low", "high", "verdict"]


def all_numbers_figure(cells: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw every judged number over the published one, with its interval, coloured by verdict; a panel a paper.

    `cells` are those of `relamp.judge.verdict.judge_cells`; a mark leads to its `link`, where they have any, in an SVG.
    Returns the figure, and the plotted ones of them, with their `run` if known. Raises RelampError without cells.
    """
    if cells.empty:
        raise RelampError("all numbers: there are no judged numbers; judge a run first")
    columns = [name for name in (*_PLOTTED, "run", "link") if name in cells]
    plotted = cells.loc[cells["verdict"] != NOT_RUN, columns].sort_values(_PLOTTED, ignore_index=True)
    if plotted.empty:
        return nothing_figure(plotted, "No number of the papers was run.")
    papers = list(dict.fromkeys(plotted["paper"]))
    with in_style():
        figure, axes = panels([paper_name(paper) for paper in papers], 2, HEIGHT, narrow=1)
        for axis, paper in zip(axes, papers, strict=True):
            _draw(axis, plotted[plotted["paper"] == paper], float(cells["margin"].iloc[0]))
        figure.supxlabel("published (%)")
        figure.supylabel("reproduced (%)")
        verdict_legend(figure, plotted["verdict"])
    return figure, plotted


def _draw(axis: Axes, cells: pd.DataFrame, margin: float) -> None:
    values = cells[["published", "mean", "low", "high"]].to_numpy(dtype=float)
    low, high = float(np.nanmin(values)) - 3, float(np.nanmax(values)) + 3
    axis.plot([low, high], [low, high], color="0.4", linewidth=0.8, zorder=1)
    axis.fill_between([low, high], [low - margin, high - margin], [low + margin, high + margin], color="0.9", zorder=0)
    for word, mine in cells.groupby("verdict"):
        colour, _ = _LOOKS[str(word)]
        # A single run has no interval.
        bounds = [(mine["mean"] - mine["low"]).fillna(0), (mine["high"] - mine["mean"]).fillna(0)]
        at = mine["published"], mine["mean"]
        axis.errorbar(*at, yerr=bounds, color=colour, linestyle="", elinewidth=0.7, zorder=2)
        verdict_marks(axis, mine, *at, size=16)
    axis.set(xlim=(low, high), ylim=(low, high), aspect="equal")


def verdict_marks(axis: Axes, cells: pd.DataFrame, x: ArrayLike, y: ArrayLike, size: float) -> None:
    """Draw numbers of one verdict, each a mark that leads to its `link`, where they have any, in an SVG."""
    colour, marker = _LOOKS[cells["verdict"].iloc[0]]
    marks = axis.scatter(x, y, s=size, color=colour, marker=marker, zorder=3)
    if "link" in cells:
        marks.set_urls(cells["link"].tolist())


def verdict_legend(figure: Figure, verdicts: "pd.Series[str]") -> None:
    """Put a legend of the marks of these verdicts above all panels."""
    looks = {word: look for word, look in _LOOKS.items() if word in set(verdicts)}
    legend(figure, [Line2D([], [], color=c, marker=m, linestyle="", label=word) for word, (c, m) in looks.items()])
