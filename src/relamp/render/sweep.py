"""Accuracy against a parameter of methods that was swept (LAMP Fig. 4 and 5)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from relamp.data.rows import setting_values, with_parameters
from relamp.errors import RelampError
from relamp.judge import runs
from relamp.judge.checks import once, refuse
from relamp.render.style import (
    Style,
    in_style,
    label,
    left_label,
    legend,
    ordered,
    panels,
    seeds_said,
    short_name,
    spread_said,
    styles,
    tick_values,
)

# Words and symbol of a parameter; any other goes by its name.
_PARAMETERS = {
    "gamma": ("pruning ratio", "γ"),
    "alpha": ("weight of the local loss", "α"),
    "eta": ("perturbation of the encoder", "η"),
    "temperature": ("temperature", "τ"),
}
_DECADE = 10.0
_HEIGHT = 1.7  # inches
_CURVE = ["role", "method", "curve"]


def sweep_figure(
    rows: pd.DataFrame,
    parameter: str,
    methods: Sequence[str],
    configured: float | None = None,
    evaluation: str = "svm-rbf",
) -> tuple[Figure, pd.DataFrame]:
    """Draw accuracy against a parameter of some methods, a panel for each data set (LAMP Fig. 4 and 5).

    A method has one curve, or one for each value of what else was swept. Rows of all other methods are level lines.
    Points and lines are means over the seeds at the last epoch, in per cent, bars and bands their standard deviations.

    `rows` are those of the evaluation, with the setting of each run; `configured` is the value of the parameter in
    settings that do not name it. Returns the figure, and one row per point or level line:
    role (curve or reference), method, dataset, parameter, x, a column for each parameter, mean, std_seeds, lower,
    upper, seeds and folds. Raises RelampError where there are no rows of the methods, or a point has no number on the
    x-axis or is not the only one there.
    """
    points = _points(rows, parameter, methods, configured, evaluation)
    look = styles([*points["method"], *points["curve"]])
    names = ordered(points.loc[points["role"] == "curve", "dataset"])
    with in_style():
        figure, axes = panels([short_name(name) for name in names], 4, _HEIGHT, above=0.7)
        for axis, name in zip(axes, names, strict=True):
            _draw(axis, points[points["dataset"] == name], parameter, look)
        figure.supxlabel(" ".join(_words(parameter)).strip(), fontsize="medium")
        left_label(axes, "accuracy (%)")
        legend(figure, _legend(points, look), spread_said(points))
    return figure, points.drop(columns="curve")


def _points(
    rows: pd.DataFrame, parameter: str, methods: Sequence[str], configured: float | None, evaluation: str
) -> pd.DataFrame:
    """Return the points and level lines, sorted, with the style's name of the `curve` that each belongs to."""
    where = f"sweep over {parameter}"
    mine = rows["method"].isin(methods) if len(rows) else pd.Series(dtype=bool)
    if not mine.any():
        raise RelampError(f"{where}: there are no rows of {' or '.join(methods)}; run and evaluate the sweep first")
    settings = sorted(rows["setting"].unique())
    parameters = list(dict.fromkeys(name for setting in settings for name in setting_values(setting)))
    others = [name for name in parameters if name != parameter]
    cells = runs.cells(runs.all_runs({evaluation: rows}))
    # Branches of a node-level method alone are methods of their own, which no sweep shows.
    cells = with_parameters(cells[cells["method"].isin(rows["method"].unique())])
    swept = cells["method"].isin(methods)
    given = cells[parameter] if parameter in cells else pd.Series(np.nan, index=cells.index)
    x = pd.to_numeric(given.where(given.notna(), configured), errors="coerce").astype(float).where(swept)
    lacking = cells.loc[swept & x.isna(), ["method"]]
    refuse(lacking, f"has no number for {parameter}; sweep another parameter, or give the configured value")
    cells = cells.assign(role=np.where(swept, "curve", "reference"), parameter=parameter, x=x, curve=cells["method"])
    for method in methods:
        own = cells["method"] == method
        for name in others:
            values = cells.loc[own, name]
            if len(values.unique()) > 1:
                cells.loc[own, "curve"] += ", " + values.map(partial(_setting, name))
    once(cells, [*_CURVE, "dataset", "x"], f"a point of the {where}", "give one setting for each point and level line")
    spread = cells["std_seeds"].fillna(0.0)
    cells = cells.assign(lower=cells["mean"] - spread, upper=cells["mean"] + spread)
    columns = ["role", "method", "dataset", "parameter", "x", *parameters, "mean", "std_seeds", "lower", "upper"]
    cells = cells.sort_values(["role", "dataset", "method", *others, "x"], ignore_index=True)
    return cells[[*columns, "seeds", "folds", "curve"]]


def _words(parameter: str) -> tuple[str, str]:
    return _PARAMETERS.get(parameter, (parameter.replace("_", " "), ""))


def _setting(parameter: str, value: Any) -> str:
    words, symbol = _words(parameter)
    text = "configured" if pd.isna(value) else f"{value:g}" if isinstance(value, float | int) else str(value)
    return f"{symbol or words} = {text}"


def _draw(axis: Axes, points: pd.DataFrame, parameter: str, look: Mapping[str, Style]) -> None:
    # Curves lie above the level lines.
    drawn = points.sort_values("role", ascending=False, kind="stable")
    for (role, _, curve), part in drawn.groupby(_CURVE, sort=False):
        style, cell = look[str(curve)], part.iloc[0]
        if role == "reference":
            axis.axhspan(cell["lower"], cell["upper"], color=style.colour, alpha=0.12, linewidth=0)
            axis.axhline(cell["mean"], color=style.colour, linestyle=style.line)
            continue
        # One seed has no spread: no bar, rather than one of length zero.
        spread = part["std_seeds"] if part["std_seeds"].notna().any() else None
        axis.errorbar(part["x"], part["mean"], yerr=spread, capsize=2, elinewidth=0.8, **style.curve())
    _scale(axis, parameter, points["x"].dropna().unique().tolist())


def _scale(axis: Axes, parameter: str, values: Sequence[float]) -> None:
    if parameter == "gamma":
        axis.set_xlim(0, 1)  # a share
        tick_values(axis, values)
        return
    positive = [value for value in values if value > 0]
    if positive and min(values) >= 0 and max(positive) >= _DECADE * min(positive):
        if len(positive) < len(values):
            # Zero has no logarithm: below the smallest positive value the axis is linear, down to zero.
            axis.set_xscale("symlog", linthresh=min(positive))
        else:
            axis.set_xscale("log")
    tick_values(axis, values)


def _legend(points: pd.DataFrame, look: Mapping[str, Style]) -> list[Line2D]:
    others = points.columns[5 : points.columns.get_loc("mean")].tolist()
    uneven, handles = points["seeds"].min() < points["seeds"].max(), []
    for (role, method, curve), part in points.sort_values(["role", "method", *others]).groupby(_CURVE, sort=False):
        style, text = look[str(curve)], f"{label(str(method))}{str(curve).removeprefix(str(method))}"
        shown = style.curve() if role == "curve" else {**style.curve(), "marker": ""}
        handles.append(Line2D([], [], label=f"{text}, {seeds_said(part)}" if uneven else text, **shown))
    return handles
