"""Accuracy against sample size and output dimension, beside the relation of Theorem 3.2 (M-Mix Fig. 2)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from relamp.data.rows import with_parameters
from relamp.errors import RelampError
from relamp.evaluate.sample_bound import is_assumed, largest_dimension, needed_samples
from relamp.judge import runs
from relamp.render.style import (
    in_style,
    label,
    left_label,
    legend,
    panels,
    same_heights,
    short_name,
    spread_said,
    style,
)

# Parameters of the grid, and the columns of the plotted numbers; N and F' in the paper.
GRID = {"sample_size": "samples", "hidden": "dimension"}
_HEIGHT = 2.2  # inches
MOST_CURVES = 3
_LEAST_CELLS = 6  # for a rank correlation
_OUTSIDE = "0.9"
_N = "nodes contrasted in a step N"


def sample_size_figure(rows: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw accuracy by sample size and dimension, two panels for each method, of the grid's rows of the linear probe.

    Above, the sample size on the x-axis and a line for each dimension, with bars of one deviation. Below, the same
    means in the plane of sample size and dimension, the best dimension of each sample size framed, with Eq. 12 of
    Theorem 3.2 as curves: to the right of one its condition is met for that ratio of constants, `mu^2 / C`. The theorem
    leaves the ratio free, so curves are drawn for ratios at which they pass between the sample sizes. It says nothing
    where the dimension is not above the sample size: shaded.

    Returns the figure, and one row per method and point of the grid (`samples`, `dimension`): mean and std_seeds in per
    cent, seeds, `largest_ratio` (the ratio of constants up to which Eq. 12 is met), `assumed` (whether the theorem
    speaks of the cell), `best` (the best dimension of its sample size), `rank_correlation` of mean and largest_ratio
    over the method's cells (where these are six or more), and `ratios`, those of the curves. Raises RelampError where
    there are no rows.
    """
    if rows.empty:
        raise RelampError("sample sizes: there are no rows; run and evaluate the grid of sample sizes and dimensions")
    plotted = _with_relation(_cells(rows))
    groups = list(plotted.groupby(["dataset", "method"], sort=False))
    ratios = _curve_ratios(plotted)
    with in_style():
        names = [f"{short_name(str(dataset))}, {label(str(method))}" for (dataset, method), _ in groups]
        titles = [*names, *(f"{name}: Theorem 3.2" for name in names)]
        figure, axes = panels(titles, len(groups), _HEIGHT, narrow=1, above=1.0)
        means = plotted["mean"]
        scale = Normalize(means.min(), means.max() if means.max() > means.min() else means.min() + 1)
        for above, below, (_, rows) in zip(axes[: len(groups)], axes[len(groups) :], groups, strict=True):
            _draw_lines(above, rows)
            _draw_plane(below, rows, ratios, scale)
        legend(figure, axes[0].get_legend_handles_labels()[0], f"output dimension F′; {spread_said(plotted)}")
        same_heights(axes[: len(groups)], plotted, air=0.05)
        left_label(axes[: len(groups)], "accuracy (%)")
        left_label(axes[len(groups) :], "output dimension F′")
        curves = [
            Line2D([], [], color="black", linestyle=style(n).line, label=f"μ²/C = {ratio:.3g}")
            for n, ratio in enumerate(ratios)
        ]
        outside = Patch(facecolor=_OUTSIDE, hatch="///", edgecolor="0.7", label="F′ ≤ N: not in the theorem")
        title = "below: accuracy (%), the best F′ of each N framed\nTheorem 3.2 is met to the right of a line"
        legend(figure, [*curves, outside], title, "lower")
    return figure, plotted.assign(ratios=" ".join(f"{ratio:.6g}" for ratio in ratios))


def _curve_ratios(cells: pd.DataFrame) -> list[float]:
    """Return ratios of constants at which Eq. 12 passes between neighbouring sample sizes, at most MOST_CURVES."""
    sizes = np.unique(cells["samples"].to_numpy(float))
    between = np.sqrt(sizes[1:] * sizes[:-1]) if len(sizes) > 1 else 0.75 * sizes
    chosen = np.unique(np.linspace(0, len(between) - 1, min(len(between), MOST_CURVES)).round().astype(int))
    middle = np.exp(np.log(cells["dimension"].to_numpy(float)).mean())
    return [float(n / needed_samples(n, middle)) for n in between[chosen]]


def _cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean accuracy and deviation over the seeds of each method and point of the grid, of final embeddings."""
    cells = runs.cells(runs.all_runs({"probe": rows}))
    # The branches by themselves are Table 6's.
    cells = with_parameters(cells[(cells["metric"] == "accuracy") & ~cells["method"].str.contains("-branch-")])
    cells = cells.rename(columns=GRID)
    return cells[["method", "dataset", *GRID.values(), "mean", "std_seeds", "seeds"]]


def _with_relation(cells: pd.DataFrame) -> pd.DataFrame:
    rows = cells.sort_values(["dataset", "method", "dimension", "samples"]).reset_index(drop=True)
    n, f = rows["samples"].to_numpy(), rows["dimension"].to_numpy()
    rows = rows.assign(largest_ratio=n / needed_samples(n, f), assumed=is_assumed(n, f))
    rows["best"] = rows["mean"] == rows.groupby(["dataset", "method", "samples"])["mean"].transform("max")
    parts = []
    for _, part in rows.groupby(["dataset", "method"], sort=False):
        ranks = part["mean"].rank().corr(part["largest_ratio"].rank()) if len(part) >= _LEAST_CELLS else np.nan
        parts.append(part.assign(rank_correlation=ranks))
    return pd.concat(parts, ignore_index=True)


def _draw_lines(axis: Axes, rows: pd.DataFrame) -> None:
    for number, (dimension, line) in enumerate(rows.groupby("dimension")):
        look = style(number)
        # One seed has no spread: no bar, rather than one of length zero.
        spread = line["std_seeds"] if line["std_seeds"].notna().any() else None
        axis.errorbar(line["samples"], line["mean"], spread, capsize=2, label=f"{dimension:g}", **look.curve())
    _log_axis(axis, x=rows["samples"])
    axis.set_xlabel(_N)


def _draw_plane(axis: Axes, rows: pd.DataFrame, ratios: Sequence[float], scale: Normalize) -> None:
    _log_axis(axis, x=rows["samples"], y=rows["dimension"])
    axis.grid(visible=False)
    left, right = rows["samples"].min() / 1.7, rows["samples"].max() * 1.7
    low, high = rows["dimension"].min() / 1.9, rows["dimension"].max() * 1.9
    axis.set_xlim(left, right)
    axis.set_ylim(low, high)
    n = np.geomspace(left, right, 400)
    axis.fill_between(n, low, n, where=(n > low).tolist(), facecolor=_OUTSIDE, hatch="///", edgecolor="0.8", zorder=0)
    for number, ratio in enumerate(ratios):
        axis.plot(n, largest_dimension(n, ratio), color="black", linestyle=style(number).line, linewidth=1.2, zorder=1)
    colours = colormaps["cividis"]
    names = ("samples", "dimension", "mean", "best")
    for samples, dimension, mean, best in zip(*(rows[name].tolist() for name in names), strict=True):
        shade = float(scale(mean))
        frame: dict[str, Any] = {"edgecolor": "#D55E00" if best else "none", "linewidth": 1.8 if best else 0.0}
        box = {"boxstyle": "round,pad=0.25", "facecolor": colours(shade), **frame}
        colour = "black" if shade > 0.5 else "white"
        place: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 6.5, "zorder": 3}
        axis.text(samples, dimension, f"{mean:.1f}", color=colour, bbox=box, **place)
    words = _N
    if not np.isnan(rank := rows["rank_correlation"].iloc[0]):
        words += f"\nrank correlation of accuracy and largest μ²/C: {rank:+.2f}"
    axis.set_xlabel(words)


def _log_axis(axis: Axes, **values: pd.Series) -> None:
    """Scale the x- or y-axis by logarithms, with a tick at each value."""
    for name, column in values.items():
        ticks = sorted(column.unique())
        axis.set(**{f"{name}scale": "log", f"{name}ticks": ticks, f"{name}ticklabels": [f"{tick:g}" for tick in ticks]})
    axis.minorticks_off()
