"""How much structural entropy data augmentations destroy (LAMP Fig. 2)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from relamp.errors import RelampError
from relamp.judge.checks import refuse
from relamp.render.style import (
    COLUMN,
    PAPER_ORDER,
    TALLEST,
    TEXT,
    in_order,
    in_style,
    legend,
    name_ticks,
    note,
    ordered,
    short_name,
)

# The two data sets of the paper's figure come first; the others are in its appendix.
DATASETS = tuple(dict.fromkeys(("MUTAG", "REDDIT-BINARY", *PAPER_ORDER)))
AUGMENTATIONS = {"node_drop": "node dropping", "edge_perturbation": "edge perturbation", "subgraph": "subgraph"}
# Fill and hatch both tell the readings apart, so neither colour nor a fine print is needed.
READINGS = {
    "paper": ("as the paper describes it", "#56B4E9", ""),
    "code": ("as the public code does it", "#F2F2F2", "////"),
}
STATUSES = ("ok", "no_edges", "zero_entropy")
_NARROW = 4  # data sets that one column does not hold
_ROW = 1.3  # inches
_BOX = ("whislo", "q1", "med", "q3", "whishi")  # matplotlib's names of the quantiles
_QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


def damage_figure(rows: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw how much structural entropy each augmentation destroys (LAMP Fig. 2, Eq. 6), a panel for each augmentation.

    Each panel has its own scale, which all data sets share: what perturbed edges do is small beside what subgraphs do.

    `rows` has the columns dataset, augmentation, reading, draw, graph, status and value; `value` is the share of the
    entropy that is lost, 1 - H(t(G)) / H(G), and counts where `status` is "ok". Boxes are quartiles, whiskers 5 % and
    95 %, diamonds means. Returns the figure and one row per box: quantiles and mean in per cent, `n` values in it,
    `graphs` and `draws`, and how many graphs are left out since they have no edges (`no_edges`) or no entropy to lose
    (`zero_entropy`). Raises RelampError where there are no rows, for unknown words and for missing values.
    """
    plotted = _boxes(rows)
    datasets = list(dict.fromkeys(plotted["dataset"]))
    augmentations = ordered(plotted["augmentation"], AUGMENTATIONS)
    with in_style():
        width = COLUMN if len(datasets) < _NARROW else TEXT
        figure = Figure(figsize=(width, _ROW * len(augmentations) + 1.0), layout="constrained")
        axes = figure.subplots(len(augmentations), 1, sharex=True, squeeze=False).ravel()
        for axis, name in zip(axes, augmentations, strict=True):
            _draw(axis, plotted[plotted["augmentation"] == name], datasets)
            axis.set_title(AUGMENTATIONS.get(name, name.replace("_", " ")), loc="left", pad=3)
        names = [_tick(name, plotted[plotted["dataset"] == name]) for name in datasets]
        higher = figure.get_figheight() + name_ticks(axes[-1], names, width - 0.5)
        figure.set_figheight(min(higher, TALLEST))
        handles: list[Patch | Line2D] = [
            Patch(facecolor=colour, hatch=hatch, edgecolor="black", label=words)
            for reading, (words, colour, hatch) in READINGS.items()
            if reading in set(plotted["reading"])
        ]
        handles.append(Line2D([], [], marker="D", ls="", mfc="white", mec="black", ms=3, label="mean"))
        legend(figure, handles)
        figure.supylabel("structural entropy lost (%)", fontsize="medium")
        note(figure, _left_out(plotted))
    return figure, plotted


def _boxes(rows: pd.DataFrame) -> pd.DataFrame:
    if rows.empty:
        raise RelampError("damage figure: there are no rows; measure the damage of a data set first")
    for column, known in (("status", STATUSES), ("reading", READINGS)):
        unknown = sorted(set(rows[column]) - set(known))
        if unknown:
            raise RelampError(f"damage figure: unknown {column} {unknown}; known: {', '.join(known)}")
    empty = rows[(rows["status"] == "ok") & ~np.isfinite(rows["value"].astype(float))]
    refuse(empty, "{augmentation}, graph {graph} is marked ok but has no value; measure the damage again")
    cells = pd.DataFrame([_box(key, part) for key, part in rows.groupby(["dataset", "augmentation", "reading"])])
    augmentations = ordered(cells["augmentation"], AUGMENTATIONS)
    orders = {"dataset": ordered(cells["dataset"], DATASETS), "augmentation": augmentations, "reading": list(READINGS)}
    return in_order(cells, orders)


def _box(key: Sequence[object], rows: pd.DataFrame) -> dict[str, object]:
    # Sorted, so that not even the last bit of the mean depends on the order of the rows.
    values = 100.0 * np.sort(rows.loc[rows["status"] == "ok", "value"].to_numpy(float))
    quantiles = np.quantile(values, list(_QUANTILES.values())) if len(values) else [np.nan] * len(_QUANTILES)
    return {
        **dict(zip(("dataset", "augmentation", "reading"), key, strict=True)),
        **dict(zip(_QUANTILES, map(float, quantiles), strict=True)),
        "mean": float(values.mean()) if len(values) else np.nan,
        "n": len(values),
        **{status: rows.loc[rows["status"] == status, "graph"].nunique() for status in STATUSES if status != "ok"},
        "graphs": rows["graph"].nunique(),
        "draws": rows["draw"].nunique(),
    }


def _draw(axis: Axes, cells: pd.DataFrame, datasets: Sequence[str]) -> None:
    readings = [reading for reading in READINGS if reading in set(cells["reading"])]
    width = 0.7 / len(readings)
    for number, reading in enumerate(readings):
        of_reading = cells[(cells["reading"] == reading) & (cells["n"] > 0)]
        boxes: Any = of_reading[[*_QUANTILES, "mean"]].set_axis([*_BOX, "mean"], axis=1).to_dict("records")
        shift = (number - (len(readings) - 1) / 2) * width
        _, colour, hatch = READINGS[reading]
        axis.bxp(
            boxes,
            positions=[datasets.index(name) + shift for name in of_reading["dataset"]],
            widths=0.85 * width,
            patch_artist=True,
            showfliers=False,
            showmeans=True,
            manage_ticks=False,
            boxprops={"facecolor": colour, "hatch": hatch, "edgecolor": "black", "linewidth": 0.8},
            medianprops={"color": "black", "linewidth": 2.2},
            meanprops={"marker": "D", "markerfacecolor": "white", "markeredgecolor": "black", "markersize": 3},
            whiskerprops={"linewidth": 0.8},
            capprops={"linewidth": 0.8},
        )
    axis.axhline(0, color="0.4", linewidth=0.8, zorder=0)
    axis.set_xlim(-0.5, len(datasets) - 0.5)
    axis.grid(visible=False, axis="x")


def _tick(name: str, cells: pd.DataFrame) -> str:
    """Name the data set, with the number of values that each box is made of; where boxes differ, the least and most."""
    least, most = cells["n"].min(), cells["n"].max()
    return f"{short_name(name)}\nn {most:,}" if least == most else f"{short_name(name)}\nn {least:,} to {most:,}"


def _left_out(plotted: pd.DataFrame) -> str:
    """Say what n counts, and which graphs are left out; that there are none says that somebody has counted."""
    most = plotted.groupby("dataset", sort=False)[["draws", "no_edges", "zero_entropy"]].max()
    draws = sorted(most["draws"].unique())
    words = f"n: graphs × {' or '.join(map(str, draws))} draws. Left out:"
    for column, trouble in (("no_edges", "graphs without edges"), ("zero_entropy", "graphs of zero entropy")):
        counts = most.loc[most[column] > 0, column]
        where = ", ".join(f"{short_name(str(name))} {count:,}" for name, count in counts.items())
        words += f"{';' if column == 'zero_entropy' else ''} {trouble}: {where or 'none'}"
    return words
