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
from relamp.render.style import dataset_panels, in_order, in_style, ordered

AUGMENTATIONS = {"node_drop": "node dropping", "edge_perturbation": "edge perturbation", "subgraph": "subgraph"}
# Fill and hatch both tell the readings apart, so neither colour nor a fine print is needed.
READINGS = {
    "paper": ("as the paper describes it", "#56B4E9", ""),
    "code": ("as the public code does it", "#F2F2F2", "////"),
}
STATUSES = ("ok", "no_edges", "zero_entropy")
_BOX = ("whislo", "q1", "med", "q3", "whishi")  # matplotlib's names of the quantiles
_QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


def damage_figure(rows: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw how much structural entropy each augmentation destroys (LAMP Fig. 2, Eq. 6), a panel for each data set.

    `rows` has the columns dataset, augmentation, reading, draw, graph, status and value; `value` is the share of the
    entropy that is lost, 1 - H(t(G)) / H(G), and counts where `status` is "ok". Boxes are quartiles, whiskers 5 % and
    95 %, diamonds means. Returns the figure and one row per box: quantiles and mean in per cent, `n` values in it,
    `graphs` and `draws`, and how many graphs are left out since they have no edges (`no_edges`) or no entropy to lose
    (`zero_entropy`). Raises RelampError where there are no rows, for unknown words and for missing values.
    """
    plotted = _boxes(rows)
    with in_style():
        figure = dataset_panels(plotted, _draw, most_columns=2, size=(3.9, 3.1))
        handles: list[Patch | Line2D] = [
            Patch(facecolor=colour, hatch=hatch, edgecolor="black", label=words)
            for reading, (words, colour, hatch) in READINGS.items()
            if reading in set(plotted["reading"])
        ]
        handles.append(Line2D([], [], marker="D", ls="", mfc="white", mec="black", ms=4, label="mean"))
        figure.legend(handles=handles, loc="outside upper center", ncols=len(handles) if len(figure.axes) > 1 else 1)
        figure.supylabel("structural entropy lost (%)", fontsize="medium")
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
    orders = {"dataset": ordered(cells["dataset"]), "augmentation": augmentations, "reading": list(READINGS)}
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


def _draw(axis: Axes, cells: pd.DataFrame) -> None:
    augmentations = list(dict.fromkeys(cells["augmentation"]))
    readings = [reading for reading in READINGS if reading in set(cells["reading"])]
    width = 0.7 / len(readings)
    for number, reading in enumerate(readings):
        of_reading = cells[(cells["reading"] == reading) & (cells["n"] > 0)]
        boxes: Any = of_reading[[*_QUANTILES, "mean"]].set_axis([*_BOX, "mean"], axis=1).to_dict("records")
        shift = (number - (len(readings) - 1) / 2) * width
        _, colour, hatch = READINGS[reading]
        axis.bxp(
            boxes,
            positions=[augmentations.index(name) + shift for name in of_reading["augmentation"]],
            widths=0.85 * width,
            patch_artist=True,
            showfliers=False,
            showmeans=True,
            manage_ticks=False,
            boxprops={"facecolor": colour, "hatch": hatch, "edgecolor": "black", "linewidth": 0.8},
            medianprops={"color": "black", "linewidth": 2.2},
            meanprops={"marker": "D", "markerfacecolor": "white", "markeredgecolor": "black", "markersize": 4},
            whiskerprops={"linewidth": 0.8},
            capprops={"linewidth": 0.8},
        )
    axis.axhline(0, color="0.4", linewidth=0.8, zorder=0)
    axis.set_xlim(-0.5, len(augmentations) - 0.5)
    axis.grid(visible=False, axis="x")
    axis.set_xticks(range(len(augmentations)), [_tick(cells[cells["augmentation"] == n]) for n in augmentations])
    # All counts stand in the figure, zeros too: a zero says that somebody has counted.
    most = cells[["graphs", "draws", "no_edges", "zero_entropy"]].max()
    axis.set_xlabel(
        f"{most['graphs']:,} graphs × {most['draws']} draws, n: {' / '.join(readings)}\n"
        f"left out: {most['no_edges']:,} graphs without edges, {most['zero_entropy']:,} of zero entropy",
        fontsize="small",
    )


def _tick(cells: pd.DataFrame) -> str:
    """Name the augmentation, with the number of values that each reading's box is made of."""
    name = cells["augmentation"].iloc[0]
    used = " / ".join(f"{count:,}" for count in cells["n"])
    return f"{AUGMENTATIONS.get(name, name.replace('_', ' '))}\nn {used}"
