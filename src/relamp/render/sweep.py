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
from relamp.render.style import Style, dataset_panels, in_style, label, styles, tick_values

# Words and symbol of a parameter; any other goes by its name.
_PARAMETERS = {
    "gamma": ("pruning ratio", "γ"),
    "alpha": ("weight of the local loss", "α"),
    "eta": ("perturbation of the encoder", "η"),
    "temperature": ("temperature", "τ"),
}
_RATIO_TICKS = (0.05, 0.25, 0.5, 0.75, 0.95)  # of gamma, which is a share
_DECADE = 10.0
_LETTER, _HANDLE = 0.066, 0.5  # inches: what the legend needs for a letter, and for a line
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
    swept = points["dataset"].isin(points.loc[points["role"] == "curve", "dataset"])
    with in_style():
        figure = dataset_panels(points[swept], partial(_draw, parameter=parameter, look=look), 4, (2.4, 2.4))
        figure.supxlabel(" ".join(_words(parameter)).strip(), fontsize="medium")
        figure.supylabel("accuracy (%)", fontsize="medium")
        handles = _legend(points, look)
        widest = _HANDLE + _LETTER * max(len(str(handle.get_label())) for handle in handles)
        figure.legend(
            handles=handles,
            title="mean ± std over seeds" if points["std_seeds"].notna().any() else None,
            loc="outside upper center",
            ncols=max(1, min(len(handles), int(figure.get_figwidth() / widest))),
        )
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
        axis.errorbar(part["x"], part["mean"], yerr=spread, capsize=2.5, elinewidth=1.0, **style.curve())
    _scale(axis, parameter, points["x"].dropna().unique().tolist())


def _scale(axis: Axes, parameter: str, values: Sequence[float]) -> None:
    if parameter == "gamma":
        axis.set_xlim(0, 1)
        axis.set_xticks(_RATIO_TICKS, [f"{tick:g}" for tick in _RATIO_TICKS])
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
    handles = []
    for (role, method, curve), part in points.sort_values(["role", "method", *others]).groupby(_CURVE, sort=False):
        style, least, most = look[str(curve)], part["seeds"].min(), part["seeds"].max()
        seeds = f"{most} seed{'s' if most > 1 else ''}" if least == most else f"{least} to {most} seeds"
        text = f"{label(str(method))}{str(curve).removeprefix(str(method))}, {seeds}"
        shown = style.curve() if role == "curve" else {**style.curve(), "marker": ""}
        handles.append(Line2D([], [], label=text, **shown))
    return handles
