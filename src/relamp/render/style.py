"""One look for all figures, which holds in greyscale and for colour-blind readers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from relamp.data.registry import REGISTRY
from relamp.method.table import METHODS
from relamp.runtime.files import whole, write_csv

# Okabe and Ito (2008), "Color universal design", from dark to light. The yellow is too pale for lines on white.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
# Together with colours and markers, any two methods differ in grey as well.
LINES: tuple[Any, ...] = (
    *("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1))),
    *((0, (1, 1)), (0, (8, 2)), (0, (3, 1)), (0, (5, 2, 1, 2, 1, 2)), (0, (10, 1, 2, 1))),
)
DPI = 200
LEAST_WIDTH = 3.6  # inches: a legend needs this much even above one small panel
LEGEND_ENTRY = 0.95  # inches: a number with its line in a legend
_TICKS_APART = 0.16  # of the axis: the least distance between tick labels

# The order of LAMP's Tables 1 and 2.
PAPER_ORDER = (
    *("NCI1", "PROTEINS", "DD", "MUTAG", "COLLAB", "REDDIT-BINARY", "REDDIT-MULTI-5K", "IMDB-BINARY"),
    *("BBBP", "Tox21", "ToxCast", "SIDER", "ClinTox", "MUV", "HIV", "BACE"),
)
METRICS = {"nmi": "NMI", "ari": "ARI", "roc_auc": "ROC-AUC", "micro_f1": "micro-F1"}
_LABELS = {"wl": "WL", "graphlet": "GL", "none": "No Pre-Train", "bag": "Bag of labels"}

# Any: the stubs of some releases of matplotlib list all keys, those of others take any text.
_RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 9,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "0.88",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "figure.dpi": 100,
    # Text stays text, and the ids in the SVG do not change from run to run.
    "pdf.fonttype": 42,
    "svg.hashsalt": "relamp",
}


@dataclass(frozen=True)
class Style:
    """How one curve is drawn."""

    colour: str
    marker: str
    line: Any

    def curve(self) -> dict[str, Any]:
        """Return it as matplotlib's arguments."""
        return {"color": self.colour, "marker": self.marker, "linestyle": self.line}


def style(number: int) -> Style:
    """Return the look of the curve with this number; any two of the first 280 differ."""
    return Style(*(looks[number % len(looks)] for looks in (COLOURS, MARKERS, LINES)))


def styles(names: Iterable[str]) -> dict[str, Style]:
    """Return a style for each name: relamp's own methods always look the same, others follow in their order."""
    return {name: style(number) for number, name in enumerate(dict.fromkeys([*METHODS["graphs"], *names]))}


def label(method: str) -> str:
    """Return a method's name as the papers spell it, or its own name."""
    for table in METHODS.values():
        if method in table:
            return table[method].label
    return _LABELS.get(method, method)


def short_name(dataset: str) -> str:
    """Return a data set's short name in the registry, or its own name."""
    return REGISTRY[dataset].paper_name if dataset in REGISTRY else dataset


def ordered(names: Iterable[str], known: Iterable[str] = PAPER_ORDER) -> list[str]:
    """Return names once each: those known (data sets of LAMP's tables) in that order, then all others sorted."""
    names, order = set(names), list(known)
    return [name for name in order if name in names] + sorted(names - set(order))


def ordered_methods(methods: Iterable[str]) -> list[str]:
    """Return methods once each: relamp's in the order of its table, then all others by their names."""
    return ordered(methods, METHODS["graphs"])


def in_order(rows: pd.DataFrame, orders: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return rows sorted by several columns, each in its own order of values, the first column first."""
    ranks = {column: {value: rank for rank, value in enumerate(order)} for column, order in orders.items()}
    return rows.sort_values(list(orders), key=lambda column: column.map(ranks[str(column.name)]), ignore_index=True)


def in_style() -> AbstractContextManager[None]:
    """Return a context in which matplotlib draws in relamp's style, and after which it is as it was."""
    return mpl.rc_context(_RC)


def panels(titles: Sequence[str], most_columns: int, size: tuple[float, float]) -> tuple[Figure, list[Axes]]:
    """Return a figure with one titled panel for each title, `size` inches each, in rows as even as may be."""
    rows = -(-len(titles) // most_columns)
    columns = -(-len(titles) // rows)
    # Half an inch for the legend above all panels.
    figure = Figure(figsize=(max(size[0] * columns, LEAST_WIDTH), size[1] * rows + 0.5), layout="constrained")
    axes = np.asarray(figure.subplots(rows, columns, squeeze=False)).ravel().tolist()
    for unused in axes[len(titles) :]:
        unused.remove()
    for axis, title in zip(axes, titles, strict=False):
        axis.set_title(title)
    return figure, axes[: len(titles)]


def dataset_panels(
    plotted: pd.DataFrame, draw: Callable[[Axes, pd.DataFrame], None], most_columns: int, size: tuple[float, float]
) -> Figure:
    """Return `panels` of data sets in their order, in each of which its rows of `plotted` are drawn."""
    names = ordered(plotted["dataset"])
    figure, axes = panels([short_name(name) for name in names], most_columns, size)
    for axis, name in zip(axes, names, strict=True):
        draw(axis, plotted[plotted["dataset"] == name])
    return figure


def legend(figure: Figure, handles: Sequence[Any], title: str, place: str = "upper", **options: Any) -> None:
    """Put a legend above all panels, or below (`lower`), with as many columns of short labels as fit."""
    columns = min(len(handles), int(figure.get_figwidth() / LEGEND_ENTRY))
    look = {"loc": f"outside {place} center", "ncols": columns, "handlelength": 3, **options}
    figure.legend(handles=handles, title=title, **look).get_title().set_multialignment("center")


def same_heights(axes: Iterable[Axes], rows: pd.DataFrame, air: float) -> None:
    """Give panels one y-axis for all means and their deviations (`mean`, `std_seeds`), with a share of `air`."""
    spread = rows["std_seeds"].fillna(0)
    bottom, top = (rows["mean"] - spread).min(), (rows["mean"] + spread).max()
    for axis in axes:
        axis.set_ylim(bottom - air * (top - bottom) - 0.1, top + air * (top - bottom) + 0.1)


def tick_values(axis: Axes, values: Iterable[float]) -> None:
    """Put the ticks of the x-axis, as it is scaled, at values whose labels do not touch, from the largest down."""
    ticks = sorted(values)
    places = np.asarray(axis.xaxis.get_transform().transform(np.asarray(ticks, dtype=float)))
    least, chosen = (places[-1] - places[0]) * _TICKS_APART, [len(ticks) - 1]
    for number in range(len(ticks) - 2, -1, -1):
        # Rounded: evenly spaced places differ in their last bits.
        if round(places[chosen[-1]] - places[number] - least, 9) >= 0:
            chosen.append(number)
    ticks = [ticks[number] for number in reversed(chosen)]
    axis.xaxis.set_major_locator(FixedLocator(ticks))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])


def save(figure: Figure, plotted: pd.DataFrame, stem: Path | str, made_by: str = "") -> list[Path]:
    """Write `stem`.pdf, .svg, .png (200 dpi) and .csv (the numbers that are drawn), each as a whole.

    Pictures name what they are `made_by` in their metadata. The same figure gives the same bytes: no dates, no random
    ids. Raises RelampError if a file cannot be written.
    """
    stem = Path(stem)
    undated: dict[str, Any] = {
        "pdf": {"CreationDate": None, "Creator": "relamp", "Keywords": made_by},
        "svg": {"Date": None, "Creator": "relamp", "Description": made_by},
        "png": {"Description": made_by},
    }
    paths = {kind: stem.with_name(f"{stem.name}.{kind}") for kind in (*undated, "csv")}
    for kind, metadata in undated.items():
        with in_style(), whole(paths[kind]) as beside:
            figure.savefig(beside, format=kind, dpi=DPI, metadata=metadata)
    write_csv(paths["csv"], plotted)
    return list(paths.values())
