"""How far found numbers lie from printed ones: a paper's own methods beside those that it compares with."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relamp.judge.intervals import Floats
from relamp.render.all_numbers import verdict_legend, verdict_marks
from relamp.render.style import in_style, nothing_figure, panels
from relamp.render.verdict_page import paper_name

HEIGHT = 2.4  # inches
# From above.
_GROUPS = {"own": "its own methods", "rerun": "others, run by it", "quoted": "others, quoted"}
_PLOTTED = ["paper", "whose", "shift", "artifact", "method", "dataset", "part", "published", "mean", "verdict"]
_BINS = 60  # of an axis: marks of one bin stand above each other
_APART = 0.1  # of a group's height: the distance between such marks, less where there are many


def shifts_figure(shifts: pd.DataFrame, margin: float) -> tuple[Figure, pd.DataFrame]:
    """Draw the rows of `relamp.site.shifts.shifts`, a mark each, with the median of each group; a panel a paper.

    `margin` is that of the verdicts, in points; a mark leads to its `link`, where they have any, in an SVG. Returns
    the figure, and what is plotted.
    """
    columns = [name for name in (*_PLOTTED, "link") if name in shifts]
    plotted = shifts[columns].sort_values(_PLOTTED, ignore_index=True)
    if plotted.empty:
        return nothing_figure(plotted, "No accuracy was run at a paper's own size.")
    papers = list(dict.fromkeys(plotted["paper"]))
    with in_style():
        figure, axes = panels([paper_name(paper) for paper in papers], 2, HEIGHT, narrow=1)
        for axis, paper in zip(axes, papers, strict=True):
            _draw(axis, plotted[plotted["paper"] == paper], margin)
        figure.supxlabel("found minus printed accuracy (points)")
        verdict_legend(figure, plotted["verdict"])
    return figure, plotted


def _draw(axis: Axes, cells: pd.DataFrame, margin: float) -> None:
    axis.axvspan(-margin, margin, color="0.9", zorder=0)
    axis.axvline(0, color="0.4", linewidth=0.8, zorder=1)
    width = (cells["shift"].max() - cells["shift"].min()) / _BINS
    groups = [(name, mine) for whose, name in _GROUPS.items() if len(mine := cells[cells["whose"] == whose])]
    for place, (_, mine) in enumerate(groups):
        heights = place + _heights(mine["shift"].to_numpy(dtype=float), width)
        for word in mine["verdict"].unique():
            these = (mine["verdict"] == word).to_numpy()
            verdict_marks(axis, mine[these], mine["shift"][these], heights[these], size=12)
        median = float(mine["shift"].median())
        axis.plot([median, median], [place - 0.42, place + 0.42], color="black", linewidth=1.4, zorder=4)
    names = [f"{name}:\n{(mine['shift'] < 0).sum()} of {len(mine)} below" for name, mine in groups]
    axis.set_yticks(range(len(groups)), names)
    axis.set_ylim(len(groups) - 0.5, -0.5)
    axis.grid(visible=False, axis="y")


def _heights(shifts: Floats, width: float) -> Floats:
    """Return where marks stand about the middle of their group, so that those of one bin do not cover each other."""
    bins = np.floor(shifts / width) if width else np.zeros(len(shifts))
    heights = np.zeros(len(shifts))
    for each in np.unique(bins):
        there = np.flatnonzero(bins == each)
        step = min(_APART, 0.8 / len(there))
        heights[there] = step * (np.arange(len(there)) - (len(there) - 1) / 2)
    return heights
