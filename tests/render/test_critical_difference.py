from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from relamp.judge.ranks import Ranking, rank_methods
from relamp.render.critical_difference import COLUMNS, critical_difference_figure
from relamp.render.style import save

OWN = ("lamp-soft", "lamp-mag", "lamp-mag-nolocal", "simgrace", "graphcl", "untrained", "wl", "graphlet")
MANY = (*OWN, "a-rival-with-a-rather-long-name", *(f"rival-{number}" for number in range(6)))


def ranking(methods: tuple[str, ...], datasets: int, noise: float = 1.0) -> Ranking:
    """Ranks of methods which come out 0.3 points below one another, but for the noise."""
    rng = np.random.default_rng(len(methods) + datasets)
    rows = [
        (method, f"D{dataset:02d}", -0.3 * place + noise * rng.standard_normal())
        for place, method in enumerate(methods)
        for dataset in range(datasets)
    ]
    return rank_methods(pd.DataFrame(rows, columns=["method", "dataset", "mean"]))


def shown(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text().strip()]


def words(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in shown(figure))


def bars(figure: Figure) -> list[tuple[float, float, float]]:
    """Left end, right end and height of the thick lines, in their order."""
    lines = [line for line in figure.axes[0].get_lines() if line.get_linewidth() == 4]
    data = [(np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)) for line in lines]
    return [(x[0], x[-1], y[0]) for x, y in data]


@pytest.mark.parametrize(
    "found",
    [
        ranking(OWN, 8),
        ranking(MANY, 30, 0.5),
        ranking(MANY, 2),
        ranking(MANY, 1),
        ranking(OWN[:2], 5),
        ranking(OWN[:3], 2, 0.0),
    ],
    ids=["eight", "fifteen", "two data sets", "one data set", "two methods", "three methods"],
)
def test_no_text_overlaps_and_nothing_is_cut_off(found: Ranking) -> None:
    figure, _ = critical_difference_figure(found)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = {text.get_text(): text.get_window_extent(canvas.get_renderer()) for text in shown(figure)}
    assert len(boxes) == len(shown(figure))
    clashes = [(one, other) for one, other in combinations(boxes, 2) if boxes[one].overlaps(boxes[other])]
    assert not clashes
    width, height = figure.get_size_inches() * figure.dpi
    for text, box in boxes.items():
        assert min(box.x0, box.y0) >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y1 <= height + 1, text
    # The axis keeps a fair part of the width beside long names.
    assert figure.axes[0].get_window_extent(canvas.get_renderer()).width > 0.3 * width


def test_what_is_drawn_is_what_is_returned() -> None:
    found = ranking(OWN, 8)
    figure, plotted = critical_difference_figure(found)
    assert plotted.columns.tolist() == COLUMNS
    assert dict(zip(plotted["method"], plotted["rank"], strict=True)) == found.ranks
    assert set(plotted["critical_difference"]) == {found.critical_difference}
    assert set(plotted["datasets"]) == {8}
    markers = [line for line in figure.axes[0].get_lines() if line.get_marker() not in ("None", "|")]
    assert [float(np.asarray(line.get_xdata())[0]) for line in markers] == plotted["rank"].tolist()
    text = words(figure)
    assert "LAMP-Soft" in text
    for rank in plotted["rank"]:
        assert f"{rank:.2f}" in text
    assert f"critical difference {found.critical_difference:.2f}" in text
    assert f"p = {found.p_value:.2g}" in text
    assert "8 data sets" in text
    (gauge,) = [line for line in figure.axes[0].get_lines() if line.get_marker() == "|"]
    assert np.ptp(np.asarray(gauge.get_xdata(), float)) == pytest.approx(found.critical_difference)


def test_each_group_has_a_bar_that_covers_it_alone() -> None:
    found = ranking(MANY, 30, 0.5)
    figure, plotted = critical_difference_figure(found)
    assert len(found.groups) > 3
    drawn = bars(figure)
    assert len(drawn) == len(found.groups)
    for group, (left, right, _) in zip(found.groups, drawn, strict=True):
        covered = [name for name, rank in found.ranks.items() if left <= rank <= right]
        assert covered == list(group)
    for number, group in enumerate(found.groups, 1):
        said = plotted.loc[[str(number) in text.split() for text in plotted["groups"]], "method"]
        assert said.tolist() == list(group)
    for one, other in combinations(drawn, 2):
        assert one[2] != other[2] or one[1] < other[0] or other[1] < one[0]


def test_equal_methods_still_have_a_bar_to_see() -> None:
    found = rank_methods(pd.DataFrame({"method": list("abcabc"), "dataset": list("xxxyyy"), "mean": 1.0}))
    figure, _ = critical_difference_figure(found)
    ((left, right, _),) = bars(figure)
    assert left < 2 < right


@pytest.mark.parametrize(("methods", "datasets"), [(4, 1), (2, 5)])
def test_too_few_for_a_difference_is_said(methods: int, datasets: int) -> None:
    figure, plotted = critical_difference_figure(ranking(OWN[:methods], datasets))
    text = words(figure)
    assert f"{methods} methods on {datasets} data set" in text
    assert "too few for a critical difference" in text
    assert not bars(figure)
    assert plotted["critical_difference"].isna().all()
    assert len(plotted) == methods


def test_data_sets_left_out_and_a_wide_difference_are_said() -> None:
    cells = pd.DataFrame({"method": list("abcabcab"), "dataset": list("xxxyyyzz"), "mean": range(8)})
    text = words(critical_difference_figure(rank_methods(cells))[0])
    assert "left out, since some method lacks them: 1" in text
    assert "more than the ranks can differ" in text


def test_the_same_ranking_gives_the_same_files(tmp_path: Path) -> None:
    files = []
    for name in ("one", "two"):
        figure, plotted = critical_difference_figure(ranking(OWN, 8))
        files.append([path.read_bytes() for path in save(figure, plotted, tmp_path / name)])
    assert files[0] == files[1]
