"""Critical-difference diagrams: average ranks on a line, and bars over methods that do not differ."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from relamp.errors import RelampError
from relamp.judge.intervals import cell_intervals
from relamp.judge.ranks import LEAST_DATASETS, LEAST_METHODS, Ranking, rank_methods
from relamp.render.style import TEXT, in_style, label, note

COLUMNS = ["method", "rank", "groups", "datasets", "friedman", "p_value", "alpha", "critical_difference"]
_LINE = 0.2  # inches: the height of a line of text
_BAR = 0.45  # of a line: from one bar to the next


def critical_difference_figure(rows: pd.DataFrame, protocol: str = "fixed") -> tuple[Figure, pd.DataFrame]:
    """Draw average ranks, best on the left, with bars that join methods which do not differ (Demsar 2006, Fig. 1).

    Where there are too few methods or data sets for a critical difference, the ranks are drawn and the figure says so.

    `rows` are scores of `relamp.judge.runs`, of one evaluation; those of the protocol are ranked by their means over
    seeds and folds. Returns the figure, and one row per method (`COLUMNS`), best first; `groups` are the numbers of its
    bars, counted from the top. Raises RelampError where there are no scores of the protocol, or no two methods with a
    data set in common.
    """
    if rows.empty or not (rows["protocol"] == protocol).any():
        raise RelampError(f"ranks: there are no scores of the protocol {protocol}; compute the scores first")
    ranking = rank_methods(cell_intervals(rows[rows["protocol"] == protocol]))
    names = list(ranking.ranks)
    levels = _levels(ranking)
    half = -(-len(names) // 2)
    # Counted in lines of text below the axis: the bars, then the names.
    first = 0.9 + _BAR * (max(levels, default=-1) + 1)
    top = 2.0 if ranking.critical_difference is None else 3.0
    bottom = first + half - 0.4
    with in_style():
        figure = Figure(figsize=(TEXT, _LINE * (top + bottom) + 0.45), layout="constrained")
        axis = figure.subplots()
        axis.set_axis_off()
        axis.set_xlim(1, len(names))
        axis.set_ylim(-bottom, top)
        _draw_scale(axis, len(names))
        _draw_names(axis, ranking, first)
        for group, level in zip(ranking.groups, levels, strict=True):
            low, high = _span(ranking, group)
            y = -0.5 - _BAR * level
            axis.plot([low, high], [y, y], color="black", linewidth=3, solid_capstyle="butt", clip_on=False, zorder=4)
        _draw_difference(axis, ranking)
        note(figure, _description(ranking))
    return figure, _plotted(ranking)


def _plotted(ranking: Ranking) -> pd.DataFrame:
    numbered = [*enumerate(ranking.groups, 1)]
    groups = [" ".join(str(number) for number, group in numbered if name in group) for name in ranking.ranks]
    frame = pd.DataFrame({"method": [*ranking.ranks], "rank": [*ranking.ranks.values()], "groups": groups})
    tests = {name: getattr(ranking, name) for name in COLUMNS[4:]}
    return frame.assign(datasets=len(ranking.datasets), **tests).astype(dict.fromkeys(tests, float))[COLUMNS]


def _description(ranking: Ranking) -> str:
    """Say in one or two lines what the diagram rests on."""
    count = f"{len(ranking.datasets)} data set{'s' if len(ranking.datasets) > 1 else ''}"
    if ranking.left_out:
        count += f" (left out, since some method lacks them: {len(ranking.left_out)})"
    if ranking.critical_difference is None or ranking.friedman is None:
        return (
            f"{len(ranking.ranks)} methods on {count}: too few for a critical difference,\n"
            f"which takes {LEAST_METHODS} methods and {LEAST_DATASETS} data sets; ranks alone"
        )
    tests = f"Friedman χ² = {ranking.friedman:.2f}, p = {ranking.p_value:.2g}; Nemenyi at α = {ranking.alpha:g}"
    bars = "bars join methods that do not differ significantly" if ranking.groups else "all methods differ"
    return f"{count}; {tests}\n{bars}"


def _levels(ranking: Ranking) -> list[int]:
    """Return for each bar the first line on which it touches no other; groups come sorted by their best rank."""
    ends: list[float] = []
    levels = []
    for group in ranking.groups:
        low, high = _span(ranking, group)
        level = next((number for number, end in enumerate(ends) if end < low), len(ends))
        ends[level : level + 1] = [high]
        levels.append(level)
    return levels


def _span(ranking: Ranking, group: Sequence[str]) -> tuple[float, float]:
    """Return where a bar begins and ends: just outside of its methods, so that it shows where all are equal."""
    overhang = 0.006 * (len(ranking.ranks) - 1)
    return ranking.ranks[group[0]] - overhang, ranking.ranks[group[-1]] + overhang


def _draw_scale(axis: Axes, methods: int) -> None:
    axis.plot([1, methods], [0, 0], color="black", linewidth=1)
    for rank in range(1, methods + 1):
        axis.plot([rank, rank], [0, 0.25], color="black", linewidth=1, clip_on=False)
        axis.text(rank, 0.4, str(rank), ha="center", va="bottom", fontsize="small")
    axis.text((1 + methods) / 2, 1.15, "average rank, 1 is best", ha="center", va="bottom", fontsize="small")


def _draw_names(axis: Axes, ranking: Ranking, first: float) -> None:
    """Write the better half on the left and the others on the right, the outermost on top: no line crosses another.

    Each name's own line leads to its rank; lines of equal ranks meet there, so no colour or mark is needed.
    """
    names, methods = list(ranking.ranks), len(ranking.ranks)
    left = -(-methods // 2)
    margin = 0.03 * (methods - 1)
    for number, name in enumerate(names):
        rank, on_left = ranking.ranks[name], number < left
        y = -first - (number if on_left else methods - 1 - number)
        edge = 1 - margin if on_left else methods + margin
        axis.plot([rank, rank, edge], [0, y, y], color="0.35", linewidth=0.8, clip_on=False)
        text = f"{label(name)}  {rank:.2f} " if on_left else f" {rank:.2f}  {label(name)}"
        axis.text(edge, y, text, ha="right" if on_left else "left", va="center", clip_on=False)


def _draw_difference(axis: Axes, ranking: Ranking) -> None:
    difference, widest = ranking.critical_difference, len(ranking.ranks) - 1
    if difference is None:
        return
    if difference <= widest:
        ends = [1, 1 + difference]
        axis.plot(ends, [2.1, 2.1], color="black", linewidth=1.5, marker="|", markersize=6, clip_on=False)
    text = f"critical difference {difference:.2f}{': more than the ranks can differ' if difference > widest else ''}"
    axis.text(1, 2.35, text, ha="left", va="bottom", fontsize="small")
