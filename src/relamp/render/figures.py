"""LAMP's figures: structural damage (Fig. 2), and sensitivity to gamma and alpha (Fig. 4 and 5)."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, NullLocator

from relamp.errors import RelampError
from relamp.render.style import Style, in_style, label, ordered, panels, short_name, styles

Parameter = Literal["gamma", "alpha"]

AUGMENTATIONS = {
    "node_drop": "node dropping",
    "edge_perturbation": "edge perturbation",
    "subgraph": "subgraph",
}
# Fill and hatch both tell the readings apart, so neither colour nor a fine print is needed.
READINGS = {
    "paper": ("as the paper describes it", "#56B4E9", ""),
    "code": ("as the public code does it", "#F2F2F2", "////"),
}
STATUSES = ("ok", "no_edges", "zero_entropy")
_QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
_SYMBOLS = {"gamma": "pruning ratio γ", "alpha": "weight of the local loss α"}
_GAMMA_TICKS = (0.05, 0.25, 0.5, 0.75, 0.95)


def damage_figure(rows: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw how much structural entropy each augmentation destroys (LAMP Fig. 2, Eq. 6), a panel for each data set.

    `rows` has the columns dataset, augmentation, reading, draw, graph, status, value; `value` is the share of the
    entropy that is lost, 1 - H(t(G)) / H(G), and counts where `status` is "ok". Boxes are quartiles, whiskers 5 % and
    95 %, diamonds means. Returns the figure and what is plotted, in per cent, one row a box. Raises RelampError for
    unknown statuses and for values that are missing.
    """
    plotted = damage_summary(rows)
    names = ordered(plotted["dataset"])
    with in_style():
        figure, axes = panels([short_name(name) for name in names], most_columns=2, size=(3.9, 3.1))
        for axis, name in zip(axes, names, strict=True):
            _draw_damage(axis, plotted[plotted["dataset"] == name])
        shown = [reading for reading in READINGS if reading in set(plotted["reading"])]
        handles: list[Patch | Line2D] = [
            Patch(facecolor=READINGS[r][1], hatch=READINGS[r][2], edgecolor="black", label=READINGS[r][0])
            for r in shown
        ]
        handles.append(Line2D([], [], marker="D", ls="", mfc="white", mec="black", ms=4, label="mean"))
        figure.legend(handles=handles, loc="outside upper center", ncols=len(handles) if len(names) > 1 else 1)
        figure.supylabel("structural entropy lost (%)", fontsize="medium")
    return figure, plotted


def damage_summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return, for each data set, augmentation and reading, the quantiles and mean of the entropy lost, in per cent.

    Also the counts: `graphs` and `draws`, `n` values used (graphs times draws), and the graphs left out because they
    have no edges (`no_edges`) or no entropy to lose (`zero_entropy`). Raises RelampError as `damage_figure` does.
    """
    if rows.empty:
        raise RelampError("damage figure: there are no rows; measure the damage of a data set first")
    for column, known in (("status", STATUSES), ("reading", READINGS)):
        unknown = sorted(set(rows[column]) - set(known))
        if unknown:
            raise RelampError(f"damage figure: unknown {column} {unknown}; known: {', '.join(known)}")
    empty = rows[(rows["status"] == "ok") & ~np.isfinite(rows["value"].astype(float))]
    if len(empty):
        first = empty.iloc[0]
        raise RelampError(
            f"damage figure: {first['dataset']}, {first['augmentation']}, graph {first['graph']} is marked ok but has "
            "no value; measure the damage again"
        )
    parts = [_damage_cell(key, part) for key, part in rows.groupby(["dataset", "augmentation", "reading"], sort=True)]
    cells = pd.DataFrame(parts)
    augmentations = [*AUGMENTATIONS, *sorted(set(cells["augmentation"]) - set(AUGMENTATIONS))]
    orders = {"dataset": ordered(cells["dataset"]), "augmentation": augmentations, "reading": list(READINGS)}
    cells = cells.sort_values(list(orders), key=lambda column: column.map(orders[str(column.name)].index))
    return cells.reset_index(drop=True)


def _damage_cell(key: Sequence[object], rows: pd.DataFrame) -> dict[str, object]:
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


def _draw_damage(axis: Axes, cells: pd.DataFrame) -> None:
    augmentations = list(dict.fromkeys(cells["augmentation"]))
    readings = [reading for reading in READINGS if reading in set(cells["reading"])]
    width = 0.7 / len(readings)
    for number, reading in enumerate(readings):
        of_reading = cells[(cells["reading"] == reading) & (cells["n"] > 0)]
        boxes: list[dict[str, Any]] = [
            {
                **{"whislo": cell.q05, "q1": cell.q25, "med": cell.median, "q3": cell.q75, "whishi": cell.q95},
                **{"mean": cell.mean, "fliers": []},
            }
            for cell in of_reading.itertuples()
        ]
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
    axis.set_xticks(range(len(augmentations)), [_damage_tick(cells[cells["augmentation"] == n]) for n in augmentations])
    # All counts stand in the figure, zeros too: a zero says that somebody has counted.
    most = cells[["graphs", "draws", "no_edges", "zero_entropy"]].max()
    axis.set_xlabel(
        f"{most['graphs']:,} graphs × {most['draws']} draws, n: {' / '.join(readings)}\n"
        f"left out: {most['no_edges']:,} graphs without edges, {most['zero_entropy']:,} of zero entropy",
        fontsize="small",
    )


def _damage_tick(cells: pd.DataFrame) -> str:
    """Name the augmentation, with the number of values that each reading's box is made of."""
    name = cells["augmentation"].iloc[0]
    used = " / ".join(f"{count:,}" for count in cells["n"])
    return f"{AUGMENTATIONS.get(name, name.replace('_', ' '))}\nn {used}"


def sweep_figure(
    cells: pd.DataFrame, parameter: Parameter, references: pd.DataFrame | None = None
) -> tuple[Figure, pd.DataFrame]:
    """Draw accuracy against the pruning ratio or the local loss's weight (LAMP Fig. 4 and 5), a panel a data set.

    `cells` and `references` are cells of `relamp.judge.runs.cells`: one for each method, data set and value of
    the parameter, and one reference (untrained, no local loss) for each method and data set, drawn as a level line.
    Points and lines are means over the seeds, in per cent, bars and bands their standard deviations. Returns the
    figure and what is plotted. Raises RelampError where a point has no value of the parameter, or is there twice.
    """
    plotted = _sweep_rows(cells, parameter, references)
    names = ordered(plotted.loc[plotted["role"] == "curve", "dataset"])
    look = styles(plotted["method"])
    with in_style():
        figure, axes = panels([short_name(name) for name in names], most_columns=4, size=(2.4, 2.4))
        for axis, name in zip(axes, names, strict=True):
            _draw_sweep(axis, plotted[plotted["dataset"] == name], look)
            _scale(axis, parameter, sorted(set(plotted["x"].dropna())))
        figure.supxlabel(_SYMBOLS[parameter], fontsize="medium")
        figure.supylabel("accuracy (%)", fontsize="medium")
        handles = _sweep_legend(plotted, look)
        figure.legend(
            handles=handles,
            title="mean ± std over seeds" if plotted["std_seeds"].notna().any() else None,
            loc="outside upper center",
            # Beside each other only where the panels below are wide enough for it.
            ncols=len(handles) if len(names) > 2 else 1,
        )
    return figure, plotted


def _sweep_rows(cells: pd.DataFrame, parameter: Parameter, references: pd.DataFrame | None) -> pd.DataFrame:
    if cells.empty:
        raise RelampError(f"sweep over {parameter}: there are no cells; evaluate the sweep first")
    curves = cells.assign(role="curve", parameter=parameter, x=cells[parameter].astype(float))
    parts = [curves]
    if references is not None and len(references):
        parts.append(references.assign(role="reference", parameter=parameter, x=np.nan))
    rows = pd.concat(parts, ignore_index=True)
    if curves["x"].isna().any():
        method = curves.loc[curves["x"].isna(), "method"].iloc[0]
        raise RelampError(f"sweep over {parameter}: {method} has no {parameter}; pass it among the references")
    twice = rows[rows.duplicated(["role", "method", "dataset", "x"])]
    if len(twice):
        first = twice.iloc[0]
        raise RelampError(
            f"sweep over {parameter}: {first['method']} on {first['dataset']} has several cells where {parameter} is "
            f"{first['x']}; choose one value of the other parameter and one epoch"
        )
    spread = rows["std_seeds"].fillna(0.0)
    rows = rows.assign(lower=rows["mean"] - spread, upper=rows["mean"] + spread)
    columns = ["role", "method", "dataset", "parameter", "x", "gamma", "alpha", "mean", "std_seeds", "lower", "upper"]
    rows = rows.sort_values(["role", "dataset", "method", "x"], ignore_index=True)
    return rows[[*columns, "seeds", "folds"]]


def _draw_sweep(axis: Axes, rows: pd.DataFrame, look: Mapping[str, Style]) -> None:
    for name, part in rows[rows["role"] == "reference"].groupby("method"):
        style, cell = look[str(name)], part.iloc[0]
        axis.axhspan(cell["lower"], cell["upper"], color=style.colour, alpha=0.12, linewidth=0)
        axis.axhline(cell["mean"], color=style.colour, linestyle=style.line)
    for name, part in rows[rows["role"] == "curve"].groupby("method"):
        style = look[str(name)]
        # One seed has no spread: no bar, rather than one of length zero.
        spread = part["std_seeds"] if part["std_seeds"].notna().any() else None
        axis.errorbar(
            part["x"],
            part["mean"],
            yerr=spread,
            color=style.colour,
            marker=style.marker,
            linestyle=style.line,
            capsize=2.5,
            elinewidth=1.0,
        )


def _scale(axis: Axes, parameter: Parameter, values: Sequence[float]) -> None:
    if parameter == "gamma":
        axis.set_xlim(0, 1)
        axis.set_xticks(_GAMMA_TICKS, [f"{tick:g}" for tick in _GAMMA_TICKS])
        return
    positive = [value for value in values if value > 0]
    if len(positive) < len(values) and positive:
        # Zero has no logarithm: below the smallest positive value the axis is linear, down to zero.
        axis.set_xscale("symlog", linthresh=positive[0])
    else:
        axis.set_xscale("log")
    axis.xaxis.set_major_locator(FixedLocator(values))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticks(values, [f"{value:g}" for value in values])


def _sweep_legend(plotted: pd.DataFrame, look: Mapping[str, Style]) -> list[Line2D]:
    handles = []
    for (role, name), part in plotted.groupby(["role", "method"], sort=True):
        method = str(name)
        style, least, most = look[method], part["seeds"].min(), part["seeds"].max()
        seeds = f"{most} seed{'s' if most > 1 else ''}" if least == most else f"{least} to {most} seeds"
        handles.append(
            Line2D(
                [],
                [],
                color=style.colour,
                linestyle=style.line,
                marker=style.marker if role == "curve" else "",
                label=f"{label(method)}, {seeds}",
            )
        )
    return handles
