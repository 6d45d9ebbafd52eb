"""Accuracy over the epochs of pre-training, by sample size and output dimension (M-Mix Fig. 3)."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from relamp.errors import RelampError
from relamp.render.style import COLOURS, LINES, MARKERS, in_style, label, panels, short_name

SIZE = (2.7, 2.5)
_MOST_COLUMNS = 5
_ENTRY = 0.95  # inches that an entry of the legend needs
NEAR = 1.0  # percentage points: how near to its best a line must come to count as there
_APART = 0.16  # of the axis: the least distance between labels
_KEY = ["dataset", "method", "samples", "dimension"]


def epoch_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the test accuracy after each epoch that all seeds have: mean and deviation over seeds, in per cent.

    Args:
        rows: of `relamp.evaluate.node_probe`, with the columns samples and dimension. A seed's score is the
            mean over the probe's runs. Branches by themselves are left out.

    Returns:
        dataset, method, samples, dimension, epoch, mean, std_seeds, seeds.
    """
    kept = rows[(rows["split"] == "test") & (rows["metric"] == "accuracy") & ~rows["branch"].isin(["a", "b"])]
    scores = kept.groupby([*_KEY, "epoch", "seed"])["value"].mean().reset_index()
    cells = scores.groupby([*_KEY, "epoch"])["value"].agg(mean="mean", std_seeds="std", seeds="count").reset_index()
    cells[["mean", "std_seeds"]] *= 100.0
    # With early stopping every seed ends elsewhere, and a mean over fewer seeds would jump.
    every = scores.groupby(_KEY)["seed"].nunique().rename("every").reset_index()
    cells = cells.merge(every, on=_KEY)
    return cells[cells["seeds"] == cells["every"]].drop(columns="every").reset_index(drop=True)


def over_epochs_figure(cells: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw accuracy over epochs: a panel for each method and sample size, a line for each dimension.

    Bands are one standard deviation over seeds. A mark shows the first epoch drawn at which a line has come within NEAR
    of its best: the paper says that wide outputs get there sooner.

    Args:
        cells: see `epoch_cells`.

    Returns:
        The figure and what is plotted: the cells and `near_best`, true at the marked epoch.

    Raises:
        RelampError: there is no line, since fewer than two epochs are known.
    """
    if cells.empty or cells.groupby(_KEY)["epoch"].nunique().min() < 2:
        raise RelampError("accuracy over epochs: the runs keep fewer than two epochs; name more `checkpoints`")
    plotted = cells.sort_values([*_KEY, "epoch"]).reset_index(drop=True)
    near = plotted["mean"] >= plotted.groupby(_KEY)["mean"].transform("max") - NEAR
    first = plotted["epoch"].where(near).groupby([plotted[name] for name in _KEY]).transform("min")
    plotted = plotted.assign(near_best=plotted["epoch"] == first)
    groups = list(plotted.groupby(_KEY[:3], sort=False))
    columns = plotted["samples"].nunique()
    dimensions = sorted(plotted["dimension"].unique())
    spread = plotted["std_seeds"].fillna(0)
    bottom, top = (plotted["mean"] - spread).min(), (plotted["mean"] + spread).max()
    epochs = sorted(plotted["epoch"].unique())
    with in_style():
        titles = [f"{short_name(str(d))}, {label(str(m))}\nN = {samples:,}" for (d, m, samples), _ in groups]
        figure, axes = panels(titles, most_columns=min(columns, _MOST_COLUMNS), size=SIZE)
        for axis, (_, rows) in zip(axes, groups, strict=True):
            axis.title.set_fontsize("medium")
            _draw(axis, rows, dimensions)
            _epochs_axis(axis, epochs)
            axis.set_ylim(bottom - 0.03 * (top - bottom) - 0.1, top + 0.03 * (top - bottom) + 0.1)
        drawn = {text: handle for axis in axes for handle, text in zip(*axis.get_legend_handles_labels(), strict=True)}
        labels = [str(dimension) for dimension in dimensions]
        legend = figure.legend(
            [drawn[text] for text in labels],
            labels,
            loc="outside upper center",
            ncols=min(len(labels), int(figure.get_figwidth() / _ENTRY)),
            title=f"output dimension F′\nmark: first within {NEAR:g} percentage point of the line's best",
            title_fontsize="small",
            handlelength=3,
        )
        legend.get_title().set_multialignment("center")
        figure.supxlabel("epoch", fontsize="medium")
        figure.supylabel("accuracy (%)", fontsize="medium")
    return figure, plotted


def _draw(axis: Axes, rows: pd.DataFrame, dimensions: list[int]) -> None:
    for dimension, line in rows.groupby("dimension"):
        number = dimensions.index(dimension)  # type: ignore[arg-type]
        colour = COLOURS[number % len(COLOURS)]
        if line["std_seeds"].notna().any():
            spread = line["std_seeds"].fillna(0)
            axis.fill_between(
                line["epoch"], line["mean"] - spread, line["mean"] + spread, color=colour, alpha=0.13, linewidth=0
            )
        axis.plot(
            line["epoch"],
            line["mean"],
            color=colour,
            linestyle=LINES[number % len(LINES)],
            marker=MARKERS[number % len(MARKERS)],
            markevery=np.flatnonzero(line["near_best"]).tolist(),
            markersize=6,
            label=f"{dimension}",
        )


def _epochs_axis(axis: Axes, epochs: list[int]) -> None:
    """Scale epochs by their logarithm, as checkpoints lie, and linearly below the first one."""
    positive = [epoch for epoch in epochs if epoch > 0]
    if len(positive) > 2 and positive[-1] >= 20 * positive[0]:
        axis.set_xscale("symlog", linthresh=positive[0])
    ticks = _apart(epochs, positive[0] if axis.get_xscale() == "symlog" else None)
    axis.xaxis.set_major_locator(FixedLocator(ticks))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])


def _apart(epochs: list[int], linear_to: int | None) -> list[int]:
    """Return epochs whose places on the axis are far enough apart for labels, from the last one down."""
    place = np.asarray(epochs, dtype=float)
    if linear_to is not None:
        scaled = place / linear_to
        place = np.where(scaled <= 1, scaled / 0.9, 1 / 0.9 + np.log10(np.maximum(scaled, 1)))  # as matplotlib does
    least, kept = (place[-1] - place[0]) * _APART, [len(place) - 1]
    for number in range(len(place) - 2, -1, -1):
        if place[kept[-1]] - place[number] >= least:
            kept.append(number)
    return [epochs[number] for number in reversed(kept)]
