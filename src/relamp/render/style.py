"""One look for all figures, which holds in greyscale and for colour-blind readers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter

from relamp.data.registry import short_name as short_name  # one of the names that figures and tables show
from relamp.data.rows import branch_of
from relamp.method.table import METHODS, RIVALS
from relamp.runtime.files import whole, write_csv

# Okabe and Ito (2008), "Color universal design", from dark to light. The yellow is too pale for lines on white.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
# Together with colours and markers, any two methods differ in grey as well.
LINES: tuple[Any, ...] = (
    *("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1))),
    *((0, (1, 1)), (0, (8, 2)), (0, (3, 1)), (0, (5, 2, 1, 2, 1, 2)), (0, (10, 1, 2, 1))),
    *((0, (4, 4)), (0, (8, 2, 3, 2))),
)
DPI = 200
# Inches: one column and both columns of a two-column page, and what a page has for a figure above its caption. Figures
# are drawn at the size at which they are printed, so that letters keep theirs: none is below 6 points.
COLUMN, TEXT, TALLEST = 3.33, 7.0, 8.9
_LEAST_ROW = 0.8  # inches: what panels need however many there are
_LETTER, _SMALL_LETTER = 0.065, 0.057  # inches: of a tick's label, and of a legend or note, on average
_TICKS_APART = 0.24  # of the axis: the least distance between tick labels

# The order of LAMP's Tables 1 and 2.
PAPER_ORDER = (
    *("NCI1", "PROTEINS", "DD", "MUTAG", "COLLAB", "REDDIT-BINARY", "REDDIT-MULTI-5K", "IMDB-BINARY"),
    *("BBBP", "Tox21", "ToxCast", "SIDER", "ClinTox", "MUV", "HIV", "BACE"),
)
_LABELS = {"wl": "WL", "hist-kernel": "HIST", "graphlet": "GL", "none": "No Pre-Train", "bag": "Bag of nodes"}
_LABELS |= {"chance": "Chance", "majority": "Majority class", "raw-features": "Raw features"}
_LABELS |= {"ecfp": "Fingerprints (ECFP4)", "frozen-untrained": "Untrained, frozen"}
_LABELS |= {"frozen-calibrated": "Untrained, calibrated, frozen"}
_LABELS |= {"bag-labels": "Bag of labels", "bag-degrees": "Bag of degrees"}
_LABELS |= {"graphlet-code": "GL (as in DGK's code)"}
_LABELS |= {"sp": "SP", "random-walk": "Random walk", "mlg": "MLG", "dgk": "DGK"}
_LABELS |= {"bag-labels-or-degrees": "Bag of labels or degrees", "bag-labels-and-degrees": "Bag of labels and degrees"}
_LABELS |= {"bag-attributes": "Bag of attributes, or labels and degrees"}

# Any: the stubs of some releases of matplotlib list all keys, those of others take any text.
_RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "legend.title_fontsize": 7,
    "legend.columnspacing": 1.5,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "0.88",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.3,
    "lines.markersize": 4,
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
    """Return the look of the curve with this number; any two of the first 30 differ in grey or in their line."""
    line = LINES[(4 * number + number // len(COLOURS)) % len(LINES)]
    return Style(COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)], line)


def styles(names: Iterable[str]) -> dict[str, Style]:
    """Return a style for each name: those of both papers always look the same, their rivals follow in their order."""
    always = [name for name in METHODS["graphs"] if name not in RIVALS]
    return {name: style(number) for number, name in enumerate(dict.fromkeys([*always, *names]))}


def label(method: str) -> str:
    """Return a method's name as the papers spell it, with the branch that is scored alone, or its own name."""
    for table in METHODS.values():
        if method in table:
            return table[method].label
    plain, branch = branch_of(method)
    return f"{label(plain)} (branch {branch})" if branch else _LABELS.get(method, method)


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


def panels(
    titles: Sequence[str], most_columns: int, height: float, narrow: int = 2, above: float = 0.5
) -> tuple[Figure, list[Axes]]:
    """Return a figure with one titled panel for each title, in rows as even as may be.

    A row is `height` inches high, less where the page has no more; what stands `above` and below all panels comes on
    top. Up to `narrow` panels in a row make a figure of one column, more one of the page's width.
    """
    rows = -(-len(titles) // most_columns)
    columns = -(-len(titles) // rows)
    size = COLUMN if columns <= narrow else TEXT, max(min(height * rows + above, TALLEST), _LEAST_ROW * rows + above)
    figure = Figure(figsize=size, layout="constrained")
    axes = np.asarray(figure.subplots(rows, columns, squeeze=False)).ravel().tolist()
    for unused in axes[len(titles) :]:
        unused.remove()
    for axis, title in zip(axes, titles, strict=False):
        axis.set_title(title)
    return figure, axes[: len(titles)]


def nothing_figure(rows: pd.DataFrame, text: str) -> tuple[Figure, pd.DataFrame]:
    """Return a picture that says in a sentence that there is nothing to draw, and the rows, of which there are none."""
    with in_style():
        figure = Figure(figsize=(COLUMN, 0.6))
        figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure, rows


def left_label(axes: Iterable[Axes], text: str) -> None:
    """Label the y-axis of the first panel in each row, which stands for the others."""
    for axis in axes:
        if is_left(axis):
            axis.set_ylabel(text)


def is_left(axis: Axes) -> bool:
    """Return whether a panel is the first in its row."""
    return (place := axis.get_subplotspec()) is None or place.is_first_col()


def legend(figure: Figure, handles: Sequence[Any], title: str | None = None, place: str = "upper") -> None:
    """Put a legend above all panels, or below (`lower`), in as few lines as the figure's width allows."""
    renderer: Any = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    for columns in range(len(handles), 0, -1):
        look: Any = {"loc": f"outside {place} center", "ncols": columns, "handlelength": 2.6}
        made = figure.legend(handles=handles, title=_wrapped(figure, title) if title else None, **look)
        made.get_title().set_multialignment("center")
        if columns == 1 or made.get_window_extent(renderer).width < 0.97 * figure.bbox.width:
            return
        made.remove()


def note(figure: Figure, text: str) -> None:
    """Write a note below all panels."""
    figure.supxlabel(_wrapped(figure, text), fontsize="small")


def _wrapped(figure: Figure, text: str) -> str:
    """Return a text in lines that the figure's width holds."""
    width = int(figure.get_figwidth() / _SMALL_LETTER)
    return "\n".join(line for part in text.splitlines() for line in wrap(part, width))


def name_ticks(axis: Axes, names: Sequence[str], width: float) -> float:
    """Name the places 0, 1 ... on an x-axis, upright where names would touch; return how high such names are.

    The width of the axis, and the height, are in inches.
    """
    upright = max(map(len, "\n".join(names).splitlines())) * _LETTER > width / len(names)
    axis.set_xticks(range(len(names)), [name.replace("\n", ", ") if upright else name for name in names])
    axis.tick_params(axis="x", labelrotation=90 if upright else 0)
    return max(map(len, names)) * _LETTER if upright else 0.0


def same_heights(axes: Iterable[Axes], rows: pd.DataFrame, air: float) -> None:
    """Give panels one y-axis for all means and their deviations (`mean`, `std_seeds`), with a share of `air`."""
    spread = rows["std_seeds"].fillna(0)
    bottom, top = (rows["mean"] - spread).min(), (rows["mean"] + spread).max()
    for axis in axes:
        axis.set_ylim(bottom - air * (top - bottom) - 0.1, top + air * (top - bottom) + 0.1)
        axis.tick_params(axis="y", labelleft=is_left(axis))


def seeds_said(cells: pd.DataFrame) -> str:
    """Say over how many `seeds` cells are."""
    least, most = cells["seeds"].min(), cells["seeds"].max()
    return (f"{most}" if least == most else f"{least} to {most}") + f" seed{'s' if most > 1 else ''}"


def spread_said(cells: pd.DataFrame) -> str:
    """Say what points and bars are; where no cell has a deviation, over how many seeds alone."""
    return ("mean ± std over " if cells["std_seeds"].notna().any() else "") + seeds_said(cells)


def tick_values(axis: Axes, values: Iterable[float]) -> None:
    """Put the ticks of the x-axis, as it is scaled, at values; both ends have labels, and between what does not touch.

    Between them, labels are chosen from the largest down.
    """
    ticks = sorted(values)
    places = np.asarray(axis.xaxis.get_transform().transform(np.asarray(ticks, dtype=float)))
    # Rounded: evenly spaced places differ in their last bits.
    gaps = np.round((places - places[0]) / max(places[-1] - places[0], 1e-12), 9)
    chosen = [len(ticks) - 1]
    for number in range(len(ticks) - 2, 0, -1):
        if gaps[chosen[-1]] - gaps[number] >= _TICKS_APART and gaps[number] >= _TICKS_APART:
            chosen.append(number)
    labelled = [ticks[number] for number in sorted({0, *chosen})]
    axis.xaxis.set_major_locator(FixedLocator(labelled))
    axis.xaxis.set_minor_locator(FixedLocator(ticks))
    axis.set_xticks(labelled, [f"{tick:g}" for tick in labelled])
    axis.xaxis.set_minor_formatter(NullFormatter())


_KINDS: ContextVar[tuple[str, ...]] = ContextVar("kinds of pictures", default=("pdf", "svg", "png"))


@contextmanager
def drawn_as(*kinds: str) -> Iterator[None]:
    """Have `save` write these kinds of pictures alone: a page shows one, and each takes as long as the figure."""
    before = _KINDS.set(kinds)
    try:
        yield
    finally:
        _KINDS.reset(before)


def save(figure: Figure, plotted: pd.DataFrame, stem: Path | str, made_by: str = "") -> list[Path]:
    """Write `stem`.pdf, .svg, .png (200 dpi), or those of `drawn_as`, and .csv (the numbers drawn), each as a whole.

    Pictures name what they are `made_by` in their metadata. The same figure gives the same bytes: no dates, no random
    ids. Raises RelampError if a file cannot be written.
    """
    stem = Path(stem)
    undated: dict[str, Any] = {
        "png": {"Description": made_by},
        "pdf": {"CreationDate": None, "Creator": "relamp", "Keywords": made_by},
        "svg": {"Date": None, "Creator": "relamp", "Description": made_by},
    }
    paths = {kind: stem.with_name(f"{stem.name}.{kind}") for kind in (*_KINDS.get(), "csv")}
    for kind, metadata in undated.items():
        if kind not in paths:
            continue
        with in_style(), whole(paths[kind]) as beside:
            figure.savefig(beside, format=kind, dpi=DPI, metadata=metadata)
        # All formats have the places that were found for the first, which takes as long as drawing.
        figure.set_layout_engine("none")
    write_csv(paths["csv"], plotted)
    return list(paths.values())
