"""What pruned encoders and augmented graphs keep of information (LAMP Theorem 4.1), as a figure and as a table."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from relamp.errors import RelampError
from relamp.judge.theorem import ACCURACY, ALL, COLLISIONS, FIRST, SECOND, STATEMENTS
from relamp.render.markup import TextTable
from relamp.render.style import (
    TALLEST,
    TEXT,
    Style,
    in_order,
    in_style,
    label,
    legend,
    note,
    ordered,
    ordered_methods,
    seeds_said,
    short_name,
    spread_said,
    styles,
)

VIEWS = {
    "node_drop": "node dropping",
    "edge_perturbation": "edge perturbation",
    "subgraph": "subgraph",
    "attribute_masking": "attribute masking",
    "noise": "noise on weights",
}
_READINGS = ("paper", "code", "-")
ESTIMATORS = {
    "classes": "counting",
    "logistic": "logistic regression",
    "svm": "SVM",
    "neighbours": "nearest neighbours",
    "info_nce": "InfoNCE bound",
}
# What a column of panels shows, by the test that it belongs to: title, and the estimators of which the first is shown.
_PANELS = {
    COLLISIONS: ("graphs told apart", ("classes",)),
    FIRST: ("usable information (nats)", STATEMENTS[FIRST]),
    SECOND: ("shared information (nats)", STATEMENTS[SECOND]),
}
# Right of the ratios, from 0 to 1, the views have places of their own.
_FIRST_VIEW, _APART, _SHIFT, _BESIDE = 1.25, 0.3, 0.03, 0.08
_ROW, _ABOVE = 1.6, 1.75  # inches
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
_HEAD = ("test", "data set", "method", "by", "view", "verdict", "pruned", "other", "difference", "interval", "seeds")
_KEY = ["dataset", "method", "test", "estimator", "view", "level", "reading"]
CAPTION = (
    "LAMP Theorem 4.1 on stored encoders. Numbers in nats, of the pruned encoder and of what it is compared with. "
    "A verdict on a statement rests on all augmentations, and stands beside the numbers of that which keeps most. "
    "collisions: the graphs that f tells apart at the tables' ratio, pruned and dense, with the least and the greatest "
    "difference over the seeds. accuracy: Spearman's rank correlation over pruning ratios of what the pruned encoder "
    "keeps with the accuracy of the encoder, with a bootstrap over seeds; over all data sets, on how many it is "
    "positive. A statement is contradicted where the difference is wholly below 0 for one augmentation or more, which "
    "is not corrected for their number: of eight independent ones without any true difference, about one verdict in "
    "six would be a contradiction. Four choices were made after numbers had been seen, and so are not blind: held-out "
    "values are brought into the range of those fitted on; equal points are counted among nearest neighbours; "
    "principal components are rounded to 9 decimals; and the critic stops where a quarter of its training half is best."
)


def theorem_figure(rows: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw what pruned encoders keep against the ratio, and beside it what augmented graphs keep, a row a data set.

    Left: how many graphs are told apart. Middle: usable information on the classes. Right: the InfoNCE bound between
    the dense encoder and a pruned one, or between two views.

    `rows` are those of `relamp.evaluate.pruned_views.measure_views`, with method and dataset. Returns the figure and
    one row a point: dataset, method, test, estimator, view, level, reading, x, mean, std_seeds, seeds. Raises
    RelampError where there are no rows.
    """
    if rows.empty or not len(rows.get("estimator", ())):
        raise RelampError("theorem figure: there are no rows; name data sets in unsupervised.theorem and measure them")
    points = _points(rows)
    names, tests = ordered(points["dataset"]), [test for test in _PANELS if test in set(points["test"])]
    look = styles(ordered_methods(points["method"]))
    drawn = points[points["view"] != "wl"]
    with in_style():
        height = min(_ROW * len(names) + _ABOVE, TALLEST)
        figure = Figure(figsize=(TEXT, height), layout="constrained")
        axes = figure.subplots(len(names), len(tests), sharex=True, squeeze=False)
        for of_row, name in zip(axes, names, strict=True):
            of_row[0].set_ylabel(short_name(name))
            for axis, test in zip(of_row, tests, strict=True):
                inside = drawn[(drawn["dataset"] == name) & (drawn["test"] == test)]
                _draw(axis, inside, look)
                limit = points[(points["dataset"] == name) & (points["test"] == test) & (points["view"] == "wl")]
                for most in limit["mean"].unique():
                    axis.axhline(most, color="0.45", linestyle=(0, (1, 2)), linewidth=1.0, zorder=0)
        for axis, test in zip(axes[0], tests, strict=True):
            axis.set_title(_PANELS[test][0])
        for axis in axes[-1]:
            _name_places(axis, points)
        handles = [Line2D([], [], label=label(m), **look[m].curve()) for m in ordered_methods(drawn["method"])]
        handles.append(Line2D([], [], color="0.45", linestyle=(0, (1, 2)), label="the most there can be"))
        legend(figure, handles, spread_said(drawn) if len(drawn) else seeds_said(points))
        note(
            figure, "pruning ratio γ, and views; filled: as the papers describe it, hollow: as the public code does it"
        )
    return figure, points


def theorem_table(verdicts: pd.DataFrame) -> TextTable:
    """Return the verdicts of `relamp.judge.theorem.verdicts`, and the differences that they rest on, as a table."""
    main = verdicts["view"] == ALL
    parts = {"verdicts": verdicts[main], "by view": verdicts[~main]}
    blocks = {name: [_line(row) for row in of.to_dict("records")] for name, of in parts.items()}
    return TextTable(verdicts, _HEAD, blocks, CAPTION, text_columns=6)


def _line(row: Mapping[Hashable, Any]) -> list[str]:
    test, view = str(row["test"]), str(row["view"])
    shown = VIEWS.get(view, "")
    if shown:
        level = f"{row['level']:.0%}" if view != "noise" else f"η = {row['level']:g}"
        shown = ", ".join([shown, level, *([str(row["reading"])] if row["reading"] != "-" else [])])
    elif test == ACCURACY:
        shown = f"encoders {row['reading']}" if str(row["reading"]).startswith("trained") else "encoder of the tables"
    digits = 1 if test == COLLISIONS else 0 if test == ACCURACY else 3
    numbers = [_number(row["left"], digits), _number(row["right"], digits), _number(row["difference"], 3, sign="+")]
    bounds = [_number(row[name], 3, sign="+") for name in ("low", "high")]
    return [
        *(test, short_name(str(row["dataset"])), label(str(row["method"])), ESTIMATORS[str(row["estimator"])], shown),
        *("" if pd.isna(row["outcome"]) else str(row["outcome"]), *numbers),
        "" if "" in bounds else " to ".join(bounds),
        "" if pd.isna(row["seeds"]) else str(row["seeds"]),
    ]


def _number(value: Any, digits: int, sign: str = "") -> str:
    return "" if pd.isna(value) else f"{value:{sign}.{digits}f}"


def _points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each point: the mean over draws and folds of each seed, then over seeds."""
    parts = []
    for test, (_, estimators) in _PANELS.items():
        # Of several estimators the first that was taken.
        known = [name for name in estimators if name in set(rows["estimator"])]
        parts.append(rows[rows["estimator"].isin(known[:1])].assign(test=test))
    chosen = pd.concat(parts, ignore_index=True).sort_values([*_KEY, "seed", "draw", "fold"])
    seeds = chosen.groupby([*_KEY, "seed"])["value"].mean().reset_index()
    grouped = seeds.groupby(_KEY)["value"]
    points = grouped.agg(mean="mean", std_seeds="std", seeds="size").reset_index()
    views = ordered(set(points["view"]) & set(VIEWS), VIEWS)
    points = points.assign(x=[_place(row, points, views) for row in points.to_dict("records")])
    orders = {"dataset": ordered(points["dataset"]), "method": ordered_methods(points["method"])}
    orders |= {"test": list(_PANELS), "view": ["wl", "encoder", "pruned", *VIEWS]}
    orders |= {"level": sorted(points["level"].unique()), "reading": list(_READINGS)}
    limits = _limits(rows)
    points = in_order(pd.concat([points, limits], ignore_index=True), orders)
    return points[
        ["dataset", "method", "test", "estimator", "view", "level", "reading", "x", "mean", "std_seeds", "seeds"]
    ]


def _limits(rows: pd.DataFrame) -> pd.DataFrame:
    """Return log N as a point of the shared information, which no bound exceeds."""
    most = rows[rows["estimator"] == "candidates"].groupby(["dataset", "method"])["value"].max().reset_index()
    place: dict[str, Any] = {
        "test": SECOND,
        "estimator": "info_nce",
        "view": "wl",
        "level": 0.0,
        "reading": "-",
        "x": np.nan,
    }
    return most.assign(**place, mean=np.log(most["value"]), std_seeds=np.nan, seeds=1).drop(columns="value")


def _place(row: Mapping[Hashable, Any], points: pd.DataFrame, views: Sequence[str]) -> float:
    """Return where a point stands: the ratio, or the place of its view; methods and levels stand side by side."""
    view = str(row["view"])
    if view not in views:
        return float(row["level"])
    levels = sorted(points.loc[points["view"] == view, "level"].unique())
    shift = (levels.index(row["level"]) - (len(levels) - 1) / 2) * _SHIFT
    methods = ordered_methods(points["method"])
    beside = (methods.index(row["method"]) - (len(methods) - 1) / 2) * min(_BESIDE, 2 * _BESIDE / len(methods))
    return _FIRST_VIEW + _APART * views.index(view) + beside + shift


def _draw(axis: Axes, points: pd.DataFrame, look: Mapping[str, Style]) -> None:
    for method, of_method in points.groupby("method", sort=False):
        style = look[str(method)]
        curve = of_method[of_method["view"].isin(("encoder", "pruned"))].sort_values("x")
        axis.errorbar(curve["x"], curve["mean"], yerr=_spread(curve), elinewidth=0.7, markersize=3, **style.curve())
        for hollow in (False, True):
            of_reading = of_method[of_method["view"].isin(VIEWS) & ((of_method["reading"] == "code") == hollow)]
            face = "white" if hollow else style.colour
            if len(of_reading):
                axis.errorbar(
                    *(of_reading["x"], of_reading["mean"]),
                    yerr=_spread(of_reading),
                    **{**style.curve(), "linestyle": ""},
                    elinewidth=0.7,
                    markersize=3.5,
                    markerfacecolor=face,
                    markeredgecolor=style.colour,
                )
    axis.axvline(_FIRST_VIEW - _APART / 2, color="0.6", linewidth=0.6)


def _spread(points: pd.DataFrame) -> "pd.Series[float] | None":
    return points["std_seeds"] if points["std_seeds"].notna().any() else None


def _name_places(axis: Axes, points: pd.DataFrame) -> None:
    """Name ratios and views below an axis, upright."""
    views = ordered(set(points["view"]) & set(VIEWS), VIEWS)
    places = [*_TICKS[:-1], *(_FIRST_VIEW + _APART * number for number in range(len(views)))]
    names = [*(f"{tick:g}" for tick in _TICKS[:-1]), *(VIEWS[view] for view in views)]
    axis.set_xticks(places, names, rotation=90)
    axis.set_xlim(-0.05, _FIRST_VIEW + _APART * max(len(views) - 0.4, 0.6))
