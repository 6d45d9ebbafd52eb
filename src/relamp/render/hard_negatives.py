"""Hardness of negatives mixed with similarity-ranked weights, against permutations (M-Mix Theorem 3.1)."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from relamp.errors import RelampError
from relamp.evaluate.hard_negatives import MEASURES, summarise_hardness
from relamp.render.style import in_style, label, left_label, legend, panels, short_name

_HEIGHT = 2.0  # inches
_BINS = 30
_PERMUTED = "#9AD0F0"
# What stands as a line: the colour, the dashes and the mark tell them apart, which lies at the foot of one and at the
# top of the other, so that both are seen where both lines are one.
_LINES: Mapping[str, tuple[str, str, Any, str, float]] = {
    "ranked": ("ranked by similarity", "#D55E00", "-", "^", 0.0),
    "given": ("as the method weighs", "#000000", (0, (4, 2)), "s", 1.0),
}
_MEASURES = {"dot": "dot product of unit vectors", "cosine": "cosine of raw embeddings"}
_NEAR = 1e-6  # of a similarity: what axes show no finer


def hard_negatives_figure(rows: pd.DataFrame, draws: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw how similar mixed samples are to their anchors, by who gets which weight; a panel a method and measure.

    Bars are draws of permuted weights, each the mean over all nodes and seeds; lines are the same weights in the order
    of the similarities, and as the method gives them.

    `rows` and `draws` are those of `relamp.evaluate.hard_negatives.measure_hardness`, with the columns method, dataset
    and seed. Returns the figure, and plotted numbers in long format: dataset, method, measure, kind, draw and value,
    where kind is permuted (one row per draw), ranked, given or even (mean hardness), hardest, first_holds or
    second_holds (shares, see `relamp.evaluate.hard_negatives.summarise_hardness`), nodes or swaps (counts). Raises
    RelampError where there are no rows, since no node has two neighbours.
    """
    if rows.empty or draws.empty:
        raise RelampError(
            "hard negatives: no node has two neighbours, so there is nothing to permute; name another data set"
        )
    key = ["dataset", "method", "measure"]
    summary = summarise_hardness(rows, key)
    weighted = draws.assign(value=draws["value"] * draws["nodes"]).groupby([*key, "draw"], sort=False)
    means = weighted[["value", "nodes"]].sum()
    permuted = (means["value"] / means["nodes"]).rename("value").reset_index().assign(kind="permuted")
    by_measure = summary.sort_values("measure", key=lambda column: column.map(MEASURES.index), kind="stable")
    cells = by_measure.to_dict("records")
    columns = len(cells) // summary["measure"].nunique()
    with in_style():
        titles = [
            f"{short_name(cell['dataset'])}, {label(cell['method'])}\n{_MEASURES[cell['measure']]}" for cell in cells
        ]
        figure, axes = panels(titles, columns, _HEIGHT, narrow=1, above=0.7)
        for axis, cell in zip(axes, cells, strict=True):
            inside = (permuted[key] == [cell[name] for name in key]).all(axis=1)
            _draw(axis, cell, permuted.loc[inside, "value"].to_numpy(float))
        handles: list[Patch | Line2D] = [Patch(fc=_PERMUTED, ec="black", linewidth=0.5, label="permuted")]
        handles += [Line2D([], [], color=c, ls=d, marker=m, label=name) for name, c, d, m, _ in _LINES.values()]
        legend(figure, handles, "similarity of a mixed sample to its anchor, by who gets which of the same weights")
        left_label(axes, "draws of permutations")
    long = summary.melt(id_vars=key, var_name="kind").dropna(subset="value")
    plotted = pd.concat([permuted, long], ignore_index=True).sort_values([*key, "kind", "draw"], ignore_index=True)
    return figure, plotted[[*key, "kind", "draw", "value"]].astype({"draw": "Int64"})


def _draw(axis: Axes, cell: Mapping[Hashable, Any], permuted: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    axis.hist(permuted, bins=_edges(permuted), color=_PERMUTED, edgecolor="black", linewidth=0.3)
    for name, (_, colour, dashes, mark, height) in _LINES.items():
        axis.axvline(cell[name], color=colour, linestyle=dashes)
        place = axis.get_xaxis_transform()
        axis.plot([cell[name]], [height], marker=mark, color=colour, clip_on=False, zorder=5, transform=place)
    axis.set_ylim(bottom=0)
    axis.margins(x=0.08)
    axis.xaxis.set_major_locator(MaxNLocator(3))
    axis.ticklabel_format(axis="x", style="plain", useOffset=False)
    words = f"similarity; ranked is hardest for {cell['hardest']:.1%} of {cell['nodes']:,} anchors"
    if cell["swaps"]:
        words += f"\ninequalities of the proof: {cell['first_holds']:.1%} and {cell['second_holds']:.1%} of exchanges"
    axis.set_xlabel(words, fontsize="small")


def _edges(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    """Return the edges of the bars; draws that differ by rounding alone share a bar."""
    low, high = float(values.min()), float(values.max())
    missing = max(_NEAR - (high - low), 0.0) / 2
    return [float(edge) for edge in np.linspace(low - missing, high + missing, _BINS + 1)]
