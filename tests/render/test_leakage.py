from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from relamp.errors import RelampError
from relamp.judge.runs import LEAKAGE
from relamp.render.leakage import leakage_figure, leakage_markdown, leakage_page, leakage_rows, write_leakage_table
from relamp.render.style import PAPER_ORDER, save

CONTROLS = ["untrained", "bag", "graphlet", "wl"]
TEN = ["lamp-mag", "lamp-soft", "lamp-mag-nolocal", "simgrace", "graphcl", "infograph", *CONTROLS]


def gap_rows(methods: list[str], datasets: list[str]) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = []
    for dataset in datasets:
        for method in methods:
            trained = method not in CONTROLS
            nested = rng.uniform(30, 90)
            fixed, oracle = (nested - 1.0, nested + rng.uniform(0, 9)) if trained else (nested, nested)
            rows.append((method, dataset, fixed, nested, oracle, oracle - nested, 5, 10, 30 if trained else 1))
    return pd.DataFrame(rows, columns=LEAKAGE)


HAND = pd.DataFrame(
    [
        ("wl", "Own", 60.0, 60.0, 60.0, 0.0, 5, 10, 1),
        ("none", "BBBP", 60.0, 62.0, 61.5, -0.5, 3, 0, 1200),
        ("lamp-mag", "Own", 70.0, 71.25, 74.0, 2.75, 5, 10, 30),
    ],
    columns=LEAKAGE,
)


def assert_nothing_overlaps(figure: Figure) -> None:
    """Everything drawn lies within the sheet, and no two texts touch."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    drawn, (width, height) = figure.get_tightbbox(renderer), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert drawn.x1 <= width + 0.01
    assert drawn.y1 <= height + 0.01
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]  # type: ignore[attr-defined]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]  # type: ignore[attr-defined]
    for (one, first), (other, second) in combinations(boxes, 2):
        assert not first.overlaps(second), (one, other)


@pytest.mark.parametrize(
    ("methods", "datasets"),
    [(TEN, list(PAPER_ORDER[:8])), (TEN, ["MUTAG"]), (["lamp-mag"], ["MUTAG"]), (TEN[:3], ["MUTAG", "DD"])],
)
def test_nothing_overlaps(methods: list[str], datasets: list[str]) -> None:
    figure, plotted = leakage_figure(gap_rows(methods, datasets))
    assert_nothing_overlaps(figure)
    assert len(figure.axes) == len(datasets)
    assert len(plotted) == len(methods) * len(datasets)


def test_marks_of_a_method_do_not_cover_each_other() -> None:
    figure, _ = leakage_figure(gap_rows(CONTROLS, ["MUTAG"]))
    FigureCanvasAgg(figure).draw()
    (axis,) = figure.axes
    points = [line for line in axis.lines if line.get_marker() in ("s", "o", "D")]
    heights = [axis.transData.transform((0, float(np.asarray(line.get_ydata())[0])))[1] for line in points]
    sizes = [line.get_markersize() * figure.dpi / 72 for line in points]
    assert len(points) == 3
    for (upper, size), (lower, other) in pairwise(zip(heights, sizes, strict=True)):
        assert upper - lower > (size + other) / 2


def test_what_is_drawn_and_written_beside_it() -> None:
    figure, plotted = leakage_figure(HAND)
    # The paper's data sets first, and relamp's methods before others.
    assert plotted[["dataset", "method"]].to_numpy().tolist() == [["BBBP", "none"], ["Own", "lamp-mag"], ["Own", "wl"]]
    pd.testing.assert_frame_equal(plotted, leakage_rows(HAND.iloc[::-1]))
    own = figure.axes[1]
    drawn = {line.get_marker(): np.asarray(line.get_xdata()).tolist() for line in own.lines}
    assert (drawn["s"], drawn["o"], drawn["D"]) == ([70, 60], [71.25, 60], [74, 60])
    assert [text.get_text() for text in own.texts] == ["+2.8", "-", "gap"]
    assert [tick.get_text() for tick in own.get_yticklabels()] == ["LAMP-Mag", "WL"]
    # The first method stands on top.
    bottom, top = own.get_ylim()
    assert top < 0 < bottom


def test_the_figure_is_the_same_in_every_run(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save(*leakage_figure(HAND), tmp_path / name)
    for kind in ("pdf", "svg", "png", "csv"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes()


def test_table_in_three_formats(tmp_path: Path) -> None:
    written = write_leakage_table(HAND, tmp_path / "leakage")
    assert [path.suffix for path in written] == [".csv", ".md", ".html"]
    pd.testing.assert_frame_equal(pd.read_csv(written[0]), leakage_rows(HAND))
    assert written[1].read_text() == leakage_markdown(HAND)
    assert written[2].read_text() == leakage_page(HAND)
    lines = leakage_markdown(HAND).splitlines()
    assert lines[2] == "| BBBP | No Pre-Train | 1,200 | 3 | - | 60.00 | 62.00 | 61.50 | -0.50 |"
    assert lines[3] == "| Own | LAMP-Mag | 30 | 5 | 10 | 70.00 | 71.25 | 74.00 | +2.75 |"
    assert lines[4].endswith("| 60.00 | 60.00 | 60.00 | - |")
    assert leakage_page(HAND).count("<tr>") == 4
    assert "a warning, not a result" in leakage_page(HAND)


def test_nothing_and_doubles_are_refused() -> None:
    with pytest.raises(RelampError, match="no gaps"):
        leakage_figure(HAND[:0])
    with pytest.raises(RelampError, match="wl on Own is a duplicate"):
        leakage_page(pd.concat([HAND, HAND[:1]]))
