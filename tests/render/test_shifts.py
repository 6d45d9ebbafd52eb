from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from relamp.render.shifts import shifts_figure

WORDS = ("worse", "reproduced", "inconclusive")


def made(papers: tuple[str, ...] = ("lamp", "mmix"), number: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = [
        (paper, whose, round(float(rng.normal(-2, 3)), 2), f"m{place}", WORDS[place % 3])
        for paper in papers
        for whose in ("own", "quoted", *(["rerun"] if paper == "mmix" else []))
        for place in range(number)
    ]
    found = pd.DataFrame(rows, columns=["paper", "whose", "shift", "method", "verdict"])
    return found.assign(artifact="t", dataset="D", part="", published=80.0, mean=80.0 + found["shift"])


@pytest.mark.parametrize("rows", [made(), made(("lamp",), 3), made(("mmix",), 1), made(("lamp",), 300)])
def test_every_number_is_a_mark_at_its_shift_and_no_two_of_a_bin_cover_each_other(rows: pd.DataFrame) -> None:
    figure, plotted = shifts_figure(rows, 2.0)
    places = np.concatenate([marks.get_offsets() for axis in figure.axes for marks in axis.collections])
    assert sorted(places[:, 0]) == sorted(rows["shift"])
    assert len(plotted) == len(rows)
    assert all(-0.5 < height < 2.5 for height in places[:, 1])
    for axis in figure.axes:
        mine = np.concatenate([marks.get_offsets() for marks in axis.collections])
        assert len(np.unique(mine, axis=0)) == len(np.unique(np.round(mine, 9), axis=0)) == len(mine)
        names = [text.get_text() for text in axis.get_yticklabels()]
        (group,) = [name for name in names if name.startswith("its own")]
        of_paper = rows[rows["paper"] == axis.get_title().lower().replace("-", "")]
        shift = of_paper.loc[of_paper["whose"] == "own", "shift"]
        assert group == f"its own methods:\n{(shift < 0).sum()} of {len(shift)} below"
        # Black lines are the medians, from above.
        medians = [line.get_xdata()[0] for line in axis.get_lines() if line.get_color() == "black"]
        assert medians[0] == pytest.approx(shift.median())
        assert len(medians) == len(names)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [t.get_window_extent() for axis in figure.axes for t in (*axis.get_yticklabels(), axis.title)]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert min(box.x0 for box in boxes) >= 0


def test_the_order_of_rows_does_not_matter() -> None:
    rows = made()
    _, plotted = shifts_figure(rows.sample(frac=1, random_state=1), 2.0)
    pd.testing.assert_frame_equal(plotted, shifts_figure(rows, 2.0)[1])


def test_a_mark_leads_to_its_number() -> None:
    rows = made(("lamp",), 2)
    figure, _ = shifts_figure(rows.assign(link=[f"#{place}" for place in range(len(rows))]), 2.0)
    urls = [url for axis in figure.axes for marks in axis.collections for url in marks.get_urls()]
    assert sorted(urls) == [f"#{place}" for place in range(len(rows))]


def test_where_there_is_nothing_the_picture_says_so() -> None:
    figure, plotted = shifts_figure(made().iloc[:0], 2.0)
    assert [text.get_text() for text in figure.texts] == ["No accuracy was run at a paper's own size."]
    assert plotted.empty
