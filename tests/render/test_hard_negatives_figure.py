import numpy as np
import pytest

from relamp.evaluate.hard_negatives import summarise_hardness
from relamp.render.hard_negatives import hard_negatives_figure
from stored_rows import hardness


def test_what_is_plotted_are_means_over_nodes_and_seeds() -> None:
    stored = hardness()
    rows, draws = stored["rows"], stored["draws"]
    _, plotted = hard_negatives_figure(**stored)
    cells = summarise_hardness(rows, ["method", "measure"]).set_index(["method", "measure"])
    for (method, measure), part in plotted.groupby(["method", "measure"]):
        values = part[part["kind"] != "permuted"].set_index("kind")["value"]
        for name in ("ranked", "given", "even", "hardest", "nodes", "swaps"):
            assert values[name] == pytest.approx(cells.loc[(method, measure), name])
        assert ("second_holds" in values) == (measure == "dot")
        permuted = part[part["kind"] == "permuted"]
        assert permuted["draw"].tolist() == list(range(40))
        inside = draws[(draws["method"] == method) & (draws["measure"] == measure) & (draws["draw"] == 7)]
        mean = (inside["value"] * inside["nodes"]).sum() / inside["nodes"].sum()
        assert permuted.loc[permuted["draw"] == 7, "value"].item() == pytest.approx(mean)


def test_the_figure_has_a_panel_for_each_method_and_measure() -> None:
    figure, plotted = hard_negatives_figure(**hardness())
    titles = [axis.get_title().splitlines()[0] for axis in figure.axes]
    assert titles == ["Karate, mo-mix", "Karate, mp-mix"] * 2
    assert ["dot product" in axis.get_title() for axis in figure.axes] == [True, True, False, False]
    for axis in figure.axes:
        method = "mo-mix" if "mo-mix" in axis.get_title() else "mp-mix"
        measure = "dot" if "dot product" in axis.get_title() else "cosine"
        part = plotted[(plotted["method"] == method) & (plotted["measure"] == measure)].set_index("kind")["value"]
        lines = [line.get_xdata()[0] for line in axis.get_lines() if len(line.get_xdata()) == 2]
        np.testing.assert_allclose(lines, [part["ranked"], part["given"]])
        # Both marks are seen where both lines are one.
        marks = {line.get_marker(): line.get_ydata()[0] for line in axis.get_lines() if len(line.get_xdata()) == 1}
        assert marks == {"^": 0, "s": 1}
        assert sum(bar.get_height() for bar in axis.patches) == 40
        assert ("inequalities" in axis.get_xlabel()) == (measure == "dot")
        if measure == "dot":
            assert "hardest for 100.0% of 16 anchors" in axis.get_xlabel()
            assert lines[0] >= max(bar.get_x() for bar in axis.patches)
