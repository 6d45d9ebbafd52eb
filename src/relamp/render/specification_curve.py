"""Specification curves: what a method scores under each reading of its paper (Simonsohn, Simmons and Nelson 2020)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from relamp.judge.published import natural
from relamp.render.markup import TextTable
from relamp.render.style import METRICS, TALLEST, TEXT, in_style, label, left_label, legend, ordered, short_name

_COLOURS = {"reproduced": "#009E73", "better": "#0072B2", "worse": "#D55E00", "inconclusive": "#666666", "": "#666666"}
_LEVELS: dict[str, tuple[str, Any]] = {
    "published": ("#000000", "-"),
    "untrained": ("#CC79A7", "--"),
    "bag": ("#56B4E9", ":"),
}
_ROW = 0.15  # inches per answer
_COLUMNS = 4
_PANEL = ["dataset", "metric", "part"]
_CONCLUSIONS = (
    "What all readings of a paper come to: for each method and data set how many readings reproduce the printed "
    "number, by the interval over seeds at the last epoch. Chosen on test: the best reading if epoch and C were also "
    "chosen on each test fold, which no honest run can know. Per cent."
)
_CONCLUSIONS_HEAD = (
    "data set",
    "measure",
    "method",
    "conclusion",
    "published",
    "readings",
    "lowest",
    "highest",
    "chosen on test",
)
_EFFECTS = (
    "What each answer moves, in points: against the configured answer, beside all other answers that were drawn, by "
    "least squares over all runs with a term for each seed; with its interval."
)
_EFFECTS_HEAD = ("data set", "measure", "method", "question", "answer", "instead of", "effect", "from", "to", "runs")


def specification_curve(
    found: pd.DataFrame, answers: Mapping[str, Mapping[str, str]], levels: pd.DataFrame
) -> tuple[Figure, pd.DataFrame]:
    """Draw the sorted values of one method's specifications, their answers below, for each data set and measure.

    Args:
        found: specifications of `relamp.judge.multiverse`, of one method.
        answers: by setting the answer to each question, the configured one first.
        levels: level lines: dataset, metric, part, name (published, untrained, bag) and value.

    Returns:
        The figure, and one row per specification with a column for each question, or per level line.
    """
    given = pd.DataFrame.from_dict(dict(answers), orient="index").fillna("").rename_axis("setting").reset_index()
    plotted = found.merge(given, on="setting", how="left")
    questions = [str(name) for name in given if name != "setting"]
    rows = [(name, str(answer)) for name in questions for answer in dict.fromkeys(given[name])]
    panels = _panels(found)
    configured = next(iter(answers))
    with in_style():
        blocks, columns = -(-len(panels) // _COLUMNS), min(len(panels), _COLUMNS)
        height = min(0.6 + blocks * (1.6 + _ROW * (len(rows) + 1)), TALLEST)
        figure = Figure(figsize=(TEXT, height), layout="constrained")
        below = max(_ROW * len(rows), _ROW)
        grid = figure.subplots(2 * blocks, columns, squeeze=False, height_ratios=[1.6, below] * blocks)
        for number, panel in enumerate(panels):
            above, column = 2 * (number // _COLUMNS), number % _COLUMNS
            of, lines = (_of_panel(table, panel) for table in (plotted, levels))
            _values(grid[above, column], of, lines, configured)
            grid[above, column].set_title("\n".join(filter(None, (short_name(panel[0]), _measure(*panel[1:])))))
            _dots(grid[above + 1, column], of, rows)
            if column:
                grid[above + 1, column].tick_params(axis="y", labelleft=False)
        for unused in grid[-2:, len(panels) - columns * (blocks - 1) :].ravel():
            unused.remove()
        for above in range(0, 2 * blocks, 2):
            left_label(grid[above, :1], f"{label(str(found['method'].iloc[0]))} (%)")
        legend(figure, _handles(plotted, levels))
    lines = levels.rename(columns={"value": "mean"}).assign(method=found["method"].iloc[0], role="level")
    return figure, pd.concat([plotted.assign(role="reading"), lines], ignore_index=True)


def _panels(found: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Return data sets, each with its metrics and parts."""
    keys = {(str(row["dataset"]), str(row["metric"]), str(row["part"])) for row in found[_PANEL].to_dict("records")}
    datasets = ordered(dataset for dataset, _, _ in keys)
    return sorted(keys, key=lambda key: (datasets.index(key[0]), key[1], natural(key[2])))


def _of_panel(table: pd.DataFrame, panel: tuple[str, str, str]) -> pd.DataFrame:
    return table[(table[_PANEL] == list(panel)).all(axis=1)].reset_index(drop=True)


def _measure(metric: str, part: str) -> str:
    """Return what is measured in words; nothing where it is the accuracy of the whole."""
    words = METRICS.get(metric, metric)
    return f"{words}, {part}" if part else words if metric != "accuracy" else ""


def _values(axis: Axes, of: pd.DataFrame, levels: pd.DataFrame, configured: str) -> None:
    for row in of.to_dict("records"):
        place, colour = float(of.index[of["setting"] == row["setting"]][0]), _COLOURS[row["verdict"]]
        bounds = [row["low"], row["high"]] if np.isfinite(row["low"]) else [row["mean"]] * 2
        axis.plot([place, place], bounds, color=colour, linewidth=1.0)
        marker = "D" if row["setting"] == configured else "o"
        axis.plot([place], [row["mean"]], color=colour, marker=marker, markersize=4 if marker == "D" else 2.5)
    for row in levels.to_dict("records"):
        colour, line = _LEVELS[row["name"]]
        axis.axhline(row["value"], color=colour, linestyle=line, linewidth=1.0, zorder=0)
    axis.set_xticks([])
    axis.margins(x=0.03)
    # One seed's readings have wide intervals: what counts are the values, and the lines beside them.
    shown = [*of["mean"], *levels["value"]]
    air = 0.35 * (max(shown) - min(shown)) + 1.0
    axis.set_ylim(min(shown) - air, max(shown) + air)


def _dots(axis: Axes, of: pd.DataFrame, rows: Sequence[tuple[str, str]]) -> None:
    for height, (question, answer) in enumerate(rows):
        places = of.index[of[question] == answer]
        axis.plot(places, np.full(len(places), height), color="#000000", marker=".", markersize=3, linestyle="")
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_yticks(range(len(rows)), [f"{question}: {answer}" for question, answer in rows], fontsize=5.5)
    axis.set_xticks([])
    axis.margins(x=0.03)
    for between in [n for n in range(1, len(rows)) if rows[n][0] != rows[n - 1][0]]:
        axis.axhline(between - 0.5, color="0.8", linewidth=0.6, zorder=0)


def _handles(plotted: pd.DataFrame, levels: pd.DataFrame) -> list[Line2D]:
    handles = [
        Line2D([], [], color=_COLOURS[word], marker="o", markersize=3, label=word)
        for word in _COLOURS
        if word and (plotted["verdict"] == word).any()
    ]
    if not handles:
        handles = [Line2D([], [], color=_COLOURS[""], marker="o", markersize=3, label="reading")]
    handles.append(Line2D([], [], color="#666666", marker="D", linestyle="", label="configured"))
    named = [name for name in _LEVELS if (levels["name"] == name).any()]
    return handles + [Line2D([], [], color=_LEVELS[n][0], linestyle=_LEVELS[n][1], label=n) for n in named]


def conclusions_table(conclusions: pd.DataFrame) -> TextTable:
    """Return a line for each method and data set of `relamp.judge.multiverse.conclusions`."""
    lines = [
        [
            *(short_name(row["dataset"]), _measure(row["metric"], row["part"]), label(row["method"])),
            row["conclusion"],
            *(_shown(row["published"]), f"{row['readings']}"),
            *(_shown(row[name]) for name in ("lowest", "highest", "loosest")),
        ]
        for row in conclusions.to_dict("records")
    ]
    return TextTable(conclusions, _CONCLUSIONS_HEAD, {"": lines}, _CONCLUSIONS, text_columns=4)


def effects_table(effects: pd.DataFrame) -> TextTable:
    """Return a line for each method, data set and answer of `relamp.judge.multiverse.effects`."""
    lines = [
        [
            *(short_name(row["dataset"]), _measure(row["metric"], row["part"]), label(row["method"])),
            *(row["question"], row["answer"], row["against"]),
            *(f"{row[name]:+.2f}" for name in ("effect", "low", "high")),
            f"{row['runs']}",
        ]
        for row in effects.to_dict("records")
    ]
    return TextTable(effects, _EFFECTS_HEAD, {"": lines}, _EFFECTS, text_columns=6)


def _shown(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "-"
