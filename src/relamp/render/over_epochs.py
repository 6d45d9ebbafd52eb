"""Accuracy over the epochs of pre-training, by sample size and output dimension (M-Mix Fig. 3)."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relamp.errors import RelampError
from relamp.render.sample_sizes import GRID
from relamp.render.style import (
    in_style,
    label,
    left_label,
    legend,
    panels,
    same_heights,
    short_name,
    style,
    tick_values,
)

_HEIGHT = 1.7  # inches
_MOST_COLUMNS = 5
NEAR = 1.0  # percentage points: how near to its best a line must come to count as there
_KEY = ["dataset", "method", "samples", "dimension"]


def over_epochs_figure(rows: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw accuracy over epochs: a panel for each method and sample size, a line for each dimension.

    Bands are one standard deviation over seeds. A mark shows the first epoch drawn at which a line has come within NEAR
    of its best: the paper says that wide outputs get there sooner.

    `rows` are those of the linear probe on nodes at all checkpoints, with the columns sample_size and hidden. Returns
    the figure, and one row per method, point of the grid (`samples`, `dimension`) and epoch that all its seeds have:
    mean and std_seeds in per cent, seeds, and `near_best`, true at the marked epoch. Raises RelampError where there is
    no line, since fewer than two epochs are known.
    """
    cells = _cells(rows.rename(columns=GRID)) if len(rows) else rows
    if cells.empty or cells.groupby(_KEY)["epoch"].nunique().min() < 2:
        raise RelampError("accuracy over epochs: the runs keep fewer than two epochs; name more `checkpoints`")
    plotted = cells.sort_values([*_KEY, "epoch"]).reset_index(drop=True)
    near = plotted["mean"] >= plotted.groupby(_KEY)["mean"].transform("max") - NEAR
    first = plotted["epoch"].where(near).groupby([plotted[name] for name in _KEY]).transform("min")
    plotted = plotted.assign(near_best=plotted["epoch"] == first)
    groups = list(plotted.groupby(_KEY[:3], sort=False))
    dimensions = sorted(plotted["dimension"].unique())
    epochs = sorted(plotted["epoch"].unique())
    datasets = [short_name(str(name)) for name in plotted["dataset"].unique()]
    with in_style():
        # A data set that all panels share is named once.
        where = "" if len(datasets) == 1 else "{}, "
        titles = [f"{where.format(short_name(str(d)))}{label(str(m))}\nN = {n:,.0f}" for (d, m, n), _ in groups]
        columns = min(plotted["samples"].nunique(), _MOST_COLUMNS)
        figure, axes = panels(titles, columns, _HEIGHT, above=0.8)
        for axis, (_, rows) in zip(axes, groups, strict=True):
            _draw(axis, rows, dimensions)
            _epochs_axis(axis, epochs)
        same_heights(axes, plotted, air=0.03)
        drawn = {text: handle for axis in axes for handle, text in zip(*axis.get_legend_handles_labels(), strict=True)}
        mark = f"mark: first within {NEAR:g} percentage point of the line's best"
        title = f"{', '.join(datasets)}: output dimension F′\n{mark}"
        legend(figure, [drawn[f"{dimension:g}"] for dimension in dimensions], title)
        figure.supxlabel("epoch", fontsize="medium")
        left_label(axes, "accuracy (%)")
    return figure, plotted


def _cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the test accuracy after each epoch that all seeds have; a seed's score is the mean over its probes."""
    # Branches by themselves are left out.
    kept = rows[(rows["split"] == "test") & (rows["metric"] == "accuracy") & ~rows["branch"].isin(["a", "b"])]
    scores = kept.groupby([*_KEY, "epoch", "seed"])["value"].mean().reset_index()
    # With early stopping every seed ends elsewhere, and a mean over fewer seeds would jump.
    scores["every"] = scores.groupby(_KEY)["seed"].transform("nunique")
    by_epoch = scores.groupby([*_KEY, "epoch", "every"])["value"]
    cells = by_epoch.agg(mean="mean", std_seeds="std", seeds="count").reset_index()
    cells[["mean", "std_seeds"]] *= 100.0
    return cells[cells["seeds"] == cells["every"]].drop(columns="every").reset_index(drop=True)


def _draw(axis: Axes, rows: pd.DataFrame, dimensions: list[int]) -> None:
    for dimension, line in rows.groupby("dimension"):
        number = dimensions.index(dimension)  # type: ignore[arg-type]
        look = style(number)
        if line["std_seeds"].notna().any():
            low, high = (line["mean"] + sign * line["std_seeds"].fillna(0) for sign in (-1, 1))
            axis.fill_between(line["epoch"], low, high, color=look.colour, alpha=0.1, linewidth=0)
        marks: dict[str, Any] = {"markevery": np.flatnonzero(line["near_best"]).tolist(), "markersize": 5}
        axis.plot(line["epoch"], line["mean"], label=f"{dimension:g}", **marks, **look.curve())


def _epochs_axis(axis: Axes, epochs: list[int]) -> None:
    """Scale epochs by their logarithm, as checkpoints lie, and linearly below the first one."""
    positive = [epoch for epoch in epochs if epoch > 0]
    if len(positive) > 2 and positive[-1] >= 20 * positive[0]:
        axis.set_xscale("symlog", linthresh=positive[0])
    tick_values(axis, epochs)
