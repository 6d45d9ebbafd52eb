import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from relamp.errors import RelampError
from relamp.evaluate.hard_negatives import measure_hardness, summarise_hardness
from relamp.evaluate.mixing_weights import neighbour_weights
from relamp.render.hard_negatives import hard_negatives_figure
from relamp.render.style import save
from relamp.settings.mixing import MixSettings

EDGES = np.array([(i, j) for i in range(8) for j in range(8) if i != j and (i + j) % 3]).T


def measured(methods: tuple[str, ...] = ("mo-mix", "mp-mix"), seeds: int = 2) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts: tuple[list[pd.DataFrame], list[pd.DataFrame]] = ([], [])
    for method in methods:
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            z = rng.normal(size=(8, 4))
            maps = (rng.normal(size=(4, 4)), rng.normal(size=(4, 4))) if method == "mp-mix" else None
            made = measure_hardness(z, neighbour_weights(z, EDGES, MixSettings(), maps), 40, rng)
            for part, rows in zip(parts, made, strict=True):
                part.append(rows.assign(method=method, dataset="KarateClub", seed=seed))
    return pd.concat(parts[0], ignore_index=True), pd.concat(parts[1], ignore_index=True)


def test_what_is_plotted_are_means_over_nodes_and_seeds() -> None:
    rows, draws = measured()
    _, plotted = hard_negatives_figure(rows, draws)
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
    rows, draws = measured()
    figure, plotted = hard_negatives_figure(rows, draws)
    assert [axis.get_title().splitlines()[0] for axis in figure.axes] == [
        "KarateClub, mo-mix",
        "KarateClub, mp-mix",
    ] * 2
    assert ["dot product" in axis.get_title() for axis in figure.axes] == [True, True, False, False]
    for axis in figure.axes:
        method = "mo-mix" if "mo-mix" in axis.get_title() else "mp-mix"
        measure = "dot" if "dot product" in axis.get_title() else "cosine"
        part = plotted[(plotted["method"] == method) & (plotted["measure"] == measure)].set_index("kind")["value"]
        centre = part["permuted"].mean()
        lines = [line.get_xdata()[0] for line in axis.get_lines() if len(line.get_xdata()) == 2]
        np.testing.assert_allclose(lines, [part["ranked"] - centre, part["given"] - centre])
        assert sum(bar.get_height() for bar in axis.patches) == 40
        assert ("inequalities" in axis.get_xlabel()) == (measure == "dot")
        if measure == "dot":
            assert "hardest in 100.0% of 16 anchors" in axis.get_xlabel()
            assert lines[0] >= max(bar.get_x() for bar in axis.patches)


@pytest.mark.parametrize("methods", [("mo-mix",), ("mo-mix", "mp-mix")])
def test_no_text_lies_on_another_panel_and_nothing_is_cut_off(methods: tuple[str, ...]) -> None:
    figure, _ = hard_negatives_figure(*measured(methods))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    drawn, (width, height) = figure.get_tightbbox(renderer), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert (drawn.x1 <= width + 0.01, drawn.y1 <= height + 0.01) == (True, True)
    boxes = [axis.get_tightbbox(renderer) for axis in figure.axes]
    assert not any(one.overlaps(other) for number, one in enumerate(boxes) for other in boxes[:number])


def test_without_nodes_there_is_nothing_to_draw() -> None:
    rows, draws = measured()
    with pytest.raises(RelampError, match="no node has two neighbours"):
        hard_negatives_figure(rows.head(0), draws.head(0))


def test_the_same_rows_give_the_same_files(tmp_path) -> None:
    for name in ("a", "b"):
        save(*hard_negatives_figure(*measured(("mo-mix",), 1)), tmp_path / name)
    for kind in ("png", "svg", "csv"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
