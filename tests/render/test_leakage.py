from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from relamp.errors import RelampError
from relamp.render.leakage import leakage_figure, leakage_table
from relamp.settings.judging import LOOSER
from stored_rows import scores

# Method, data set, fixed, nested, oracle, seeds, folds, candidates.
HAND = [
    ("wl", "Own", 60.0, 60.0, 60.0, 5, 10, 1),
    ("none", "BBBP", 60.0, 62.0, 61.5, 3, 0, 1200),
    ("lamp-mag", "Own", 70.0, 71.25, 74.0, 5, 10, 30),
]
LOOSER_BY_HAND = [(name, 80.0 + place) for place, name in enumerate(LOOSER)]


def by_hand() -> pd.DataFrame:
    rows = [
        {"method": method, "dataset": dataset, "protocol": protocol, "seed": seed, "fold": fold, "value": value / 100}
        | {"candidates": candidates}
        for method, dataset, fixed, nested, oracle, seeds, folds, candidates in HAND
        for protocol, value in (("fixed", fixed), ("nested", nested), ("oracle", oracle), *LOOSER_BY_HAND)
        for seed, fold in product(range(seeds), range(folds) if folds else [np.nan])
    ]
    return pd.DataFrame(rows)


def test_marks_of_a_method_do_not_cover_each_other() -> None:
    figure, _ = leakage_figure(scores(["untrained", "bag", "graphlet", "wl"], ["MUTAG"]))
    FigureCanvasAgg(figure).draw()
    (axis,) = figure.axes
    points = [line for line in axis.lines if line.get_marker() in ("s", "o", "D")]
    heights = [axis.transData.transform((0, float(np.asarray(line.get_ydata())[0])))[1] for line in points]
    sizes = [line.get_markersize() * figure.dpi / 72 for line in points]
    assert len(points) == 3
    for (upper, size), (lower, other) in pairwise(zip(heights, sizes, strict=True)):
        assert upper - lower > (size + other) / 2


def test_what_is_drawn_and_written_beside_it() -> None:
    figure, plotted = leakage_figure(by_hand())
    # The paper's data sets first, and relamp's methods before others.
    assert plotted[["dataset", "method"]].to_numpy().tolist() == [["BBBP", "none"], ["Own", "lamp-mag"], ["Own", "wl"]]
    own = figure.axes[1]
    drawn = {line.get_marker(): np.asarray(line.get_xdata()).tolist() for line in own.lines}
    looser = {mark: [80 + place] * 2 for place, mark in enumerate("|1x+")}
    for mark, values in {"s": [70, 60], "o": [71.25, 60], "D": [74, 60], **looser}.items():
        assert drawn[mark] == pytest.approx(values)
    assert [text.get_text() for text in own.texts] == ["+2.8", "-", "gap"]
    # One list of methods for all panels, with names on the left.
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["LAMP-Mag", "No Pre-Train", "WL"]
    assert [float(np.asarray(line.get_ydata())[0]) for line in own.lines if line.get_marker() == "o"] == [-0.12]
    assert not any(tick.get_visible() for tick in own.get_yticklabels())
    # The first method stands on top.
    bottom, top = own.get_ylim()
    assert top < 0 < bottom


def test_the_table_holds_the_numbers_of_the_figure() -> None:
    table = leakage_table(by_hand())
    pd.testing.assert_frame_equal(table.numbers, leakage_figure(by_hand())[1])
    lines = table.markdown().splitlines()
    assert (
        lines[2]
        == "| BBBP | No Pre-Train | 1,200 | 3 | - | 60.00 | 62.00 | 61.50 | 80.00 | 81.00 | 82.00 | 83.00 | -0.50 |"
    )
    assert (
        lines[3] == "| Own | LAMP-Mag | 30 | 5 | 10 | 70.00 | 71.25 | 74.00 | 80.00 | 81.00 | 82.00 | 83.00 | +2.75 |"
    )
    assert lines[4].endswith("| 60.00 | 60.00 | 60.00 | 80.00 | 81.00 | 82.00 | 83.00 | - |")
    assert "a warning, not a result" in table.caption


def test_duplicate_scores_are_refused() -> None:
    rows = by_hand()
    with pytest.raises(RelampError, match="wl, dataset Own"):
        leakage_table(pd.concat([rows, rows[:1]]))
