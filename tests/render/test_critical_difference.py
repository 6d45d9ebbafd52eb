from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from figure_texts import texts
from relamp.errors import RelampError
from relamp.judge.intervals import cell_intervals
from relamp.judge.ranks import Ranking, rank_methods
from relamp.render.critical_difference import COLUMNS, critical_difference_figure
from stored_rows import MANY, OWN, scores

THIRTY = scores(MANY, [f"D{number:02d}" for number in range(30)], 0.5)


def ranking(rows: pd.DataFrame) -> Ranking:
    return rank_methods(cell_intervals(rows[rows["protocol"] == "fixed"]))


def cells(methods: str, datasets: str, values: list[float]) -> pd.DataFrame:
    """Scores of one seed each."""
    rows = pd.DataFrame({"method": list(methods), "dataset": list(datasets), "value": values})
    return rows.assign(protocol="fixed", seed=0, fold=np.nan)


def words(figure: Figure) -> str:
    return "\n".join(texts(figure))


def bars(figure: Figure) -> list[tuple[float, float, float]]:
    """Left end, right end and height of the thick lines, in their order."""
    lines = [line for line in figure.axes[0].get_lines() if line.get_linewidth() == 3]
    data = [(np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)) for line in lines]
    return [(x[0], x[-1], y[0]) for x, y in data]


def test_what_is_drawn_is_what_is_returned() -> None:
    found = ranking(scores())
    figure, plotted = critical_difference_figure(scores())
    assert plotted.columns.tolist() == COLUMNS
    assert dict(zip(plotted["method"], plotted["rank"], strict=True)) == found.ranks
    assert set(plotted["critical_difference"]) == {found.critical_difference}
    assert set(plotted["datasets"]) == {8}
    # From each name a line of three points leads to its rank.
    leads = [np.asarray(line.get_xdata(), float) for line in figure.axes[0].get_lines() if len(line.get_xdata()) == 3]  # type: ignore[arg-type]
    assert [lead[0] for lead in leads] == plotted["rank"].tolist()
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
    found = ranking(THIRTY)
    figure, plotted = critical_difference_figure(THIRTY)
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
    figure, _ = critical_difference_figure(cells("abcabc", "xxxyyy", [0.5] * 6))
    ((left, right, _),) = bars(figure)
    assert left < 2 < right


@pytest.mark.parametrize(("methods", "datasets"), [(4, 1), (2, 5)])
def test_too_few_for_a_difference_is_said(methods: int, datasets: int) -> None:
    figure, plotted = critical_difference_figure(scores(OWN[:methods], list("ABCDE")[:datasets]))
    text = words(figure)
    assert f"{methods} methods on {datasets} data set" in text
    assert "too few for a critical difference" in text
    assert not bars(figure)
    assert plotted["critical_difference"].isna().all()
    assert len(plotted) == methods


def test_data_sets_left_out_and_a_wide_difference_are_said() -> None:
    rows = cells("abcabcab", "xxxyyyzz", [number / 10 for number in range(8)])
    text = words(critical_difference_figure(rows)[0])
    assert "left out, since some method lacks them: 1" in text
    assert "more than the ranks can differ" in text


def test_scores_of_another_protocol_are_not_ranked() -> None:
    _, fixed = critical_difference_figure(scores())
    _, oracle = critical_difference_figure(scores(), "oracle")
    assert fixed["rank"].tolist() != oracle["rank"].tolist()
    with pytest.raises(RelampError, match="no scores of the protocol nested"):
        critical_difference_figure(cells("abc", "xxx", [0.1, 0.2, 0.3]), "nested")
