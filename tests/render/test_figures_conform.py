"""What holds for every figure: a new one is covered by its entry in `ENTRIES`."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from figure_texts import texts
from greys import lightness
from information_rows import information_rows
from relamp.artifacts import ARTIFACTS
from relamp.artifacts.base import Ladder
from relamp.errors import RelampError
from relamp.render.all_numbers import all_numbers_figure
from relamp.render.critical_difference import critical_difference_figure
from relamp.render.damage import damage_figure
from relamp.render.hard_negatives import hard_negatives_figure
from relamp.render.ladder import ladder_figure
from relamp.render.leakage import leakage_figure
from relamp.render.over_epochs import over_epochs_figure
from relamp.render.picture_grid import picture_grid
from relamp.render.sample_sizes import sample_size_figure
from relamp.render.style import DPI, label, save, short_name
from relamp.render.sweep import sweep_figure
from relamp.render.theorem import theorem_figure
from stored_rows import (
    ALPHAS,
    EIGHT,
    GAMMAS,
    MANY,
    MIXED,
    OWN,
    damage_rows,
    grid_rows,
    hardness,
    images_file,
    judged_cells,
    ladder_rows,
    mixed,
    scores,
    sweep_rows,
)

CAPTIONS = Path(__file__).parents[2] / "workflow" / "report"
Inputs = Mapping[str, pd.DataFrame]
MORE = (*OWN, "infograph", "bag")


@dataclass(frozen=True, eq=False)
class Entry:
    """A figure under test.

    Attributes:
        draw: takes frames by name; returns the figure and what is plotted.
        inputs: frames of several sizes, the first an ordinary one; `least` has one row or one seed.
        caption: its record, or the file of its caption.
        marks: words of the caption, or of the figure, one for each kind of mark that is drawn.
        kept: a column whose values mean something by their order, which a shuffle leaves alone.
    """

    draw: Callable[..., tuple[Figure, pd.DataFrame]]
    inputs: Mapping[str, Inputs]
    caption: str
    marks: tuple[str, ...]
    kept: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def drawn(self, size: str) -> tuple[Figure, pd.DataFrame]:
        return self.draw(**self.inputs[size], **self.options)


@cache
def seen(entry: Entry, size: str) -> tuple[Figure, pd.DataFrame]:
    """A figure and what is plotted, for all tests that only look at it and draw nothing."""
    return entry.drawn(size)


def of(**frames: pd.DataFrame) -> dict[str, Inputs]:
    """Inputs of figures that take one frame of rows."""
    return {size: {"rows": frame} for size, frame in frames.items()}


TWO = ("MUTAG", "Solubility-3")
AUGMENTED = ("node_drop", "edge_perturbation", "subgraph", "attribute_masking")
ENTRIES = {
    "damage": Entry(
        damage_figure,
        of(
            two=damage_rows(TWO),
            eight=pd.concat([damage_rows(EIGHT), damage_rows(EIGHT).assign(augmentation="edge_perturbation")]),
            twelve=pd.concat([damage_rows(EIGHT), damage_rows([f"my-own-long-data-set-{n}" for n in range(4)])]),
            # As many digits below a box as REDDIT-MULTI-5K has.
            many=pd.concat([damage_rows(TWO)] * 1136),
            nothing_left=damage_rows().assign(status="no_edges", value=np.nan),
            least=damage_rows().head(1),
        ),
        "lamp_fig2",
        ("boxes", "median", "whiskers", "diamonds", "filled", "hatched"),
    ),
    "gamma": Entry(
        partial(sweep_figure, parameter="gamma", methods=["lamp-mag"]),
        of(
            two=sweep_rows("gamma", GAMMAS, TWO),
            eight=sweep_rows("gamma", GAMMAS, EIGHT, 2),
            three=sweep_rows("gamma", GAMMAS, EIGHT[:3], 2),
            least=sweep_rows("gamma", (0.2,), seeds=1, references=False),
        ),
        "lamp_fig4",
        ("point", "error bar", "level lines", "bands"),
    ),
    "alpha": Entry(
        partial(sweep_figure, parameter="alpha", methods=["lamp-mag"], configured=1.0),
        of(
            eight=sweep_rows("alpha", ALPHAS, EIGHT, 2, gamma=0.2),
            zero=sweep_rows("alpha", (0.0, 0.1, 1.0), gamma=0.2),
            least=sweep_rows("gamma", (0.2,), seeds=1, references=False),
        ),
        "lamp_fig5",
        ("point", "error bar", "level lines", "bands"),
    ),
    "a grid of two parameters of two methods": Entry(
        partial(sweep_figure, parameter="temperature", methods=["simgrace", "graphcl"], configured=0.5),
        of(
            grid=pd.concat(
                [
                    *(sweep_rows("temperature", (0.1, 0.2, 0.5), TWO, 2, m == 0, "simgrace", eta=m) for m in (0, 1.5)),
                    sweep_rows("temperature", [round(0.1 * n, 1) for n in range(1, 11)], TWO, 2, False, "graphcl"),
                ]
            ),
            least=sweep_rows("eta", (0.2,), seeds=1, references=False, method="simgrace"),
        ),
        "lamp_fig5",
        ("point", "error bar", "level lines", "bands"),
    ),
    "sample sizes": Entry(
        sample_size_figure,
        of(
            few=grid_rows((8, 34), (8, 64)),
            narrow=grid_rows((250, 1000), (32, 64, 128, 256, 512, 1024, 2048), methods=("mp-mix",)),
            many=grid_rows((100, 250, 500, 1000, 2708), (32, 64, 128, 256, 512, 1024, 2048)),
            least=grid_rows((500,), (64,), seeds=1, methods=("mp-mix",)),
        ),
        "mmix_fig2",
        ("line", "bars", "framed", "curve", "hatched"),
    ),
    "over epochs": Entry(
        over_epochs_figure,
        of(
            few=grid_rows((8, 34), (8, 64), (0, 5, 10, 20, 50, 100, 200)),
            many=grid_rows((250, 500, 1000, 2708), (32, 64, 256, 1024), (0, 10, 20, 50, 100, 200, 500, 1000, 2000)),
            even=grid_rows((250, 500), (16, 32, 64, 128, 256, 512, 1024), tuple(range(0, 2001, 100))),
            least=grid_rows((34,), (8,), (0, 20), seeds=1, methods=("mp-mix",)),
        ),
        "mmix_fig3",
        ("lines", "bands", "mark"),
    ),
    "picture grid": Entry(
        lambda mixed, **options: picture_grid(images_file(), mixed, **options),
        {"three": {"mixed": mixed(*MIXED)}, "least": {"mixed": mixed((0, 0, 1.0))}},
        "mmix_fig4",
        ("anchor", "weight", "solid", "dashed"),
        kept="anchor",
        options={"anchors": 3, "partners": 2},
    ),
    "hard negatives": Entry(
        hard_negatives_figure,
        {"two": hardness(), "one": hardness(("mo-mix",)), "least": hardness(("mo-mix",), 1)},
        "mmix_theorem",
        ("bars", "lines"),
    ),
    "theorem 4.1": Entry(
        theorem_figure,
        of(
            one=information_rows(methods=("lamp-mag", "graphcl", "untrained"), augmentations=AUGMENTED),
            eight=information_rows(
                EIGHT, ("lamp-mag", "graphcl", "untrained"), 2, GAMMAS, AUGMENTED, strengths=(0.1, 0.2)
            ),
            two=information_rows(TWO, ("lamp-soft",), 2),
            least=information_rows(seeds=1, gammas=(0.2,), augmentations=()).head(1),
        ),
        "lamp_theorem",
        ("curves", "right of the line", "filled marks", "hollow marks", "error bar", "dotted line"),
    ),
    "leakage": Entry(
        leakage_figure,
        of(
            eight=scores(MORE, EIGHT),
            one=scores(MORE, ["MUTAG"]),
            two=scores(OWN[:3], ["MUTAG", "DD"]),
            least=scores(["lamp-mag"], ["MUTAG"], seeds=1, folds=1),
        ),
        "leakage",
        ("fixed", "nested", "oracle", "gap"),
    ),
    "ladder": Entry(
        ladder_figure,
        of(
            eight=ladder_rows(EIGHT, OWN),
            two=ladder_rows(TWO, OWN[:4]),
            one=ladder_rows(("MUTAG",), OWN),
            nodes_too=pd.concat(
                [
                    ladder_rows(("Cora", "Pubmed"), ("mvgrl", "mp-mix"), "probe"),
                    ladder_rows(TWO, ("mp-mix",), "svm-linear"),
                ]
            ),
            two_evaluations=pd.concat(
                [ladder_rows(EIGHT[:5], ("mvgrl", "mp-mix", "wl"), "svm-linear"), ladder_rows(EIGHT[:3], ("graphcl",))]
            ),
            clusters=pd.concat(
                [
                    ladder_rows(("Cora", "Citeseer"), ("mvgrl", "mp-mix"), "kmeans", metric=name)
                    for name in ("nmi", "ari")
                ]
            ),
            sizes=pd.concat(
                [
                    ladder_rows(("COIL-DEL",), ("mp-mix", "wl"), "edit-distance", metric=name, part=f"n={n}")
                    for name in ("accuracy", "roc_auc")
                    for n in (50, 20, 15, 10)
                ]
            ),
            molecules=ladder_rows(("BBBP", "HIV"), ("lamp-mag", "none"), "finetune", metric="roc_auc"),
            least=ladder_rows(("MUTAG",), ("lamp-mag",), seeds=1).assign(low=np.nan, high=np.nan),
        ),
        "lamp_ladder1",
        ("majority", "edges", "untrained", "host", "test", "printed", "interval", "line"),
    ),
    "ranks": Entry(
        critical_difference_figure,
        of(
            eight=scores(),
            fifteen=scores(MANY, [f"D{number:02d}" for number in range(30)], 0.5),
            two_sets=scores(MANY, ["A", "B"]),
            one_set=scores(MANY, ["A"]),
            three_methods=scores(OWN[:3], ["A", "B"], 0.0),
            least=scores(OWN[:2], ["A"], seeds=1, folds=1),
        ),
        "ranks",
        ("line", "bar", "critical difference"),
    ),
    "all numbers": Entry(
        all_numbers_figure,
        {
            "two": {"cells": judged_cells(("lamp", "mmix"), 30)},
            "one": {"cells": judged_cells(("lamp",), 8)},
            "least": {"cells": judged_cells(("mmix",), 1).assign(low=np.nan, high=np.nan)},
        },
        "numbers",
        ("published", "interval", "line", "band", "verdict"),
    ),
}
every_entry = pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
every_size = pytest.mark.parametrize(
    ("entry", "size"),
    [(entry, size) for entry in ENTRIES.values() for size in entry.inputs],
    ids=[f"{name}: {size}" for name, entry in ENTRIES.items() for size in entry.inputs],
)


@pytest.fixture
def drawn_texts(monkeypatch: pytest.MonkeyPatch) -> list[Text]:
    """The texts that drawing really draws: not the labels of ticks outside of the axis."""
    found: list[Text] = []
    draw = Text.draw

    def noting(self: Text, renderer: Any) -> None:
        if self.get_visible():
            found.append(self)
        draw(self, renderer)

    monkeypatch.setattr(Text, "draw", noting)
    return found


def box_of(text: Text, renderer: Any) -> Bbox:
    patch = text.get_bbox_patch()
    return (patch or text).get_window_extent(renderer)


def marked_lines(figure: Figure) -> Iterator[Line2D]:
    """Lines with marks, but for the bars of errors."""
    for axis in figure.axes:
        yield from (line for line in axis.get_lines() if line.get_marker() not in ("None", "", "_", "|", None))


def legend_handles(figure: Figure) -> list[Any]:
    found = [artist for legend in figure.legends for artist in legend.legend_handles if isinstance(artist, Patch)]
    lines = [line for legend in figure.legends for line in legend.findobj(Line2D)]
    # Without the caps of error bars.
    return [*found, *(line for line in lines if line.get_marker() not in ("_", "|"))]


@every_size
def test_it_fits_a_paper_as_it_is_and_no_text_covers_another(
    entry: Entry, size: str, drawn_texts: list[Text], tmp_path: Path
) -> None:
    figure, plotted = entry.drawn(size)
    # As it is saved: letters are not equally wide at every resolution.
    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn_texts.clear()
    canvas.draw()
    renderer = canvas.get_renderer()
    sheet, (width, height) = figure.get_tightbbox(renderer), figure.get_size_inches()
    assert min(sheet.x0, sheet.y0) >= -0.01
    assert (sheet.x1 <= width + 0.01, sheet.y1 <= height + 0.01) == (True, True)
    boxes = [(text.get_text(), box_of(text, renderer)) for text in drawn_texts if text.get_text().strip()]
    for name, box in boxes:
        inside = min(box.x0, box.y0) >= -1 and box.x1 <= width * figure.dpi + 1 and box.y1 <= height * figure.dpi + 1
        assert inside, name
    for (one, first), (other, second) in combinations(boxes, 2):
        assert not first.padded(-0.5).overlaps(second.padded(-0.5)), (one, other)
    # Axes keep a fair part of the sheet beside their labels.
    assert all(axis.get_window_extent(renderer).width > 0.03 * width * figure.dpi for axis in figure.axes)

    assert width in (3.33, 7.0)
    assert height < 9
    assert min(text.get_fontsize() for text in drawn_texts if text.get_text().strip()) >= 6
    # Signs above and below a line would be smaller than the letters beside them.
    assert not any("$" in text.get_text() for text in drawn_texts)
    pdf, svg, png, _ = save(figure, plotted, tmp_path / "figure")
    points = [72 * width, 72 * height]
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf.read_bytes())
    assert box
    assert [float(side) for side in box.groups()] == pytest.approx(points, abs=0.01)
    (view,) = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg.read_text(encoding="utf-8"))
    assert [float(side) for side in view] == pytest.approx(points, abs=0.01)
    assert int.from_bytes(png.read_bytes()[16:20]) == int(DPI * width)


def test_every_figure_is_tested() -> None:
    drawn = {artifact.draw.partition(":")[2] for artifact in ARTIFACTS.values() if artifact.draw}
    tested = {getattr(entry.draw, "func", entry.draw).__name__ for entry in ENTRIES.values()}
    assert drawn - tested <= {"picture_grid"}  # which the tests draw of images of their own
    files = [path for artifact in ARTIFACTS.values() for paths in artifact.outputs.values() for path in paths]
    pictures = {Path(path).stem for path in files if path.endswith(".png")}
    # The second picture grid is drawn as the first, and so are all ladders.
    others = {name for name, artifact in ARTIFACTS.items() if isinstance(artifact, Ladder)} - {"lamp_ladder1"}
    assert pictures - {entry.caption for entry in ENTRIES.values()} == {"mmix_fig5", *others}


@every_size
def test_legend_or_caption_names_every_mark(entry: Entry, size: str) -> None:
    figure, plotted = seen(entry, size)
    words = "\n".join(texts(figure))
    for column, name in (("method", label), ("dataset", short_name)):
        unnamed = {"ranks": ("dataset",), "numbers": ("method", "dataset")}.get(entry.caption, ())
        if column in plotted and column not in unnamed:
            assert all(name(value) in words for value in plotted[column].unique())
    handles = [handle for handle in legend_handles(figure) if isinstance(handle, Line2D)]
    named = {(to_hex(handle.get_markeredgecolor()), handle.get_marker()) for handle in handles}
    if figure.legends:
        assert {(to_hex(line.get_markeredgecolor()), line.get_marker()) for line in marked_lines(figure)} <= named
    record = ARTIFACTS.get(entry.caption)
    template = (record.caption if record else None) or entry.caption
    caption = (CAPTIONS / f"{template}.rst").read_text(encoding="utf-8").lower() + (record.about if record else "")
    for mark in entry.marks:
        assert mark in caption or mark in words.lower(), mark


@every_size
def test_marks_differ_in_grey_or_in_shape(entry: Entry, size: str) -> None:
    looks = []
    for handle in legend_handles(seen(entry, size)[0]):
        if isinstance(handle, Patch):
            looks.append((lightness(handle.get_facecolor()), handle.get_hatch()))
        elif isinstance(handle, Line2D):
            dashes = handle._unscaled_dash_pattern  # type: ignore[attr-defined]
            looks.append((lightness(handle.get_color()), (handle.get_marker(), str(dashes))))
    for (grey, shape), (other_grey, other_shape) in combinations(looks, 2):
        assert abs(grey - other_grey) >= 10 or shape != other_shape


@every_size
def test_what_is_drawn_is_among_the_plotted_numbers(entry: Entry, size: str) -> None:
    figure, plotted = seen(entry, size)
    assert len(plotted)
    numbers = plotted.select_dtypes("number").to_numpy(dtype=float, na_value=np.nan).ravel()

    def known(values: Any) -> bool:
        return all(np.isclose(numbers, value, rtol=1e-9, atol=0).any() for value in np.asarray(values, dtype=float))

    for line in marked_lines(figure):
        assert known(line.get_xdata()) or known(line.get_ydata())


def test_a_picture_of_all_numbers_says_that_none_was_run(drawn_texts: list[Text]) -> None:
    figure, plotted = all_numbers_figure(judged_cells(("mmix",), 2).assign(verdict="not run"))
    FigureCanvasAgg(figure).draw()
    assert ([text.get_text() for text in drawn_texts], len(plotted)) == (["No number of the papers was run."], 0)


@every_entry
def test_plotted_numbers_do_not_depend_on_the_order_of_rows(entry: Entry) -> None:
    size = next(iter(entry.inputs))
    shuffled = {}
    for name, rows in entry.inputs[size].items():
        mixed_up = rows.sample(frac=1, random_state=np.random.default_rng(0))
        if entry.kept:
            order = list(dict.fromkeys(rows[entry.kept]))
            mixed_up = mixed_up.sort_values(entry.kept, key=lambda values, order=order: values.map(order.index))
        shuffled[name] = mixed_up
    _, plotted = entry.draw(**shuffled, **entry.options)
    pd.testing.assert_frame_equal(plotted, seen(entry, size)[1], check_exact=False, rtol=1e-12, atol=0)


@every_entry
def test_the_same_rows_give_the_same_files(entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    size = next(reversed(entry.inputs))
    one, two = (save(*entry.drawn(size), tmp_path / name / "gamma~0.2.v1") for name in ("one", "two"))
    assert [path.name for path in one] == [f"gamma~0.2.v1.{kind}" for kind in ("pdf", "svg", "png", "csv")]
    assert set((tmp_path / "one").iterdir()) == set(one)
    pdf, svg, png, csv = (path.read_bytes() for path in one)
    assert [pdf, svg, png, csv] == [path.read_bytes() for path in two]
    # Both might have been made within a second: there must be no date at all.
    assert (b"Date" in pdf, b"<dc:date>" in svg, b"tIME" in png) == (False, False, False)
    assert len(pd.read_csv(one[-1])) == len(entry.drawn(size)[1])


@every_entry
@pytest.mark.parametrize("columns", [True, False])
def test_without_rows_the_error_says_what_to_do(entry: Entry, columns: bool) -> None:
    size = next(iter(entry.inputs))
    empty = {name: rows.head(0) if columns else pd.DataFrame() for name, rows in entry.inputs[size].items()}
    with pytest.raises(RelampError, match=r": .*; [a-z]+ "):
        entry.draw(**empty, **entry.options)
