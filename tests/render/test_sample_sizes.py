import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from relamp.evaluate.sample_bound import largest_dimension, needed_samples
from relamp.render.sample_sizes import curve_ratios, sample_size_figure


def cells(
    samples: tuple[int, ...], dimensions: tuple[int, ...], methods: tuple[str, ...] = ("mp-mix", "mp-mix-nodiv")
) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    grid = pd.DataFrame(itertools.product(methods, samples, dimensions), columns=["method", "samples", "dimension"])
    mean = 60 + 10 * rng.random(len(grid))
    return grid.assign(dataset="Cora", metric="accuracy", mean=mean, std_seeds=1.5, seeds=3)


def test_the_relation_beside_each_cell_by_hand() -> None:
    _, plotted = sample_size_figure(cells((100, 500), (64, 256, 1024), ("mp-mix",)))
    first = plotted.iloc[0]
    assert (first["samples"], first["dimension"]) == (100, 64)
    # 100 / (log 7.01 + 2 log 64 - log 0.05)
    assert first["largest_ratio"] == pytest.approx(100 / (1.947337 + 8.317766 + 2.995732), abs=1e-4)
    told = plotted.set_index(["samples", "dimension"])["assumed"].to_dict()
    assert [point for point, assumed in told.items() if not assumed] == [(100, 64), (500, 64), (500, 256)]
    best = plotted[plotted["best"]].set_index("samples")["mean"]
    assert best.to_dict() == plotted.groupby("samples")["mean"].max().to_dict()


def test_the_rank_correlation_is_that_of_ranks_and_needs_six_cells() -> None:
    given = cells((100, 500), (64, 256, 1024), ("mp-mix",))
    _, plotted = sample_size_figure(given.assign(mean=given["samples"] / np.log(given["dimension"])))
    assert plotted["rank_correlation"].tolist() == [pytest.approx(1.0)] * 6
    _, plotted = sample_size_figure(given.assign(mean=-given["samples"] / np.log(given["dimension"])))
    assert plotted["rank_correlation"].tolist() == [pytest.approx(-1.0)] * 6
    figure, plotted = sample_size_figure(cells((100, 500), (64, 256), ("mp-mix",)))
    assert plotted["rank_correlation"].isna().all()
    assert "rank correlation" not in figure.axes[1].get_xlabel()


@pytest.mark.parametrize("samples", [(34,), (8, 34), (100, 250, 500, 1000), (10, 20, 40, 80, 160, 320)])
def test_curves_pass_between_the_sample_sizes(samples: tuple[int, ...]) -> None:
    ratios = curve_ratios(cells(samples, (8, 32), ("mp-mix",)))
    assert len(ratios) == min(max(len(samples) - 1, 1), 3)
    crossings = [ratio * needed_samples(samples[0], 16) for ratio in ratios]  # of N the bracket knows next to nothing
    assert crossings == sorted(crossings)
    assert all(crossing < samples[-1] for crossing in crossings)
    if len(samples) > 1:
        assert all(crossing > samples[0] for crossing in crossings)


def test_above_are_lines_with_bars_and_below_the_cells_and_curves() -> None:
    figure, plotted = sample_size_figure(cells((100, 250, 500), (64, 256)))
    lines, planes = figure.axes[:2], figure.axes[2:]
    assert [axis.get_title() for axis in lines] == ["Cora, mp-mix", "Cora, mp-mix w/o div"]
    for axis, (_, rows) in zip(lines, plotted.groupby("method"), strict=True):
        drawn = [container.lines[0].get_ydata().tolist() for container in axis.containers]
        assert drawn == [part["mean"].tolist() for _, part in rows.groupby("dimension")]
    for axis, (_, rows) in zip(planes, plotted.groupby("method"), strict=True):
        assert [text.get_text() for text in axis.texts] == [f"{mean:.1f}" for mean in rows["mean"]]
        curves, ratios = axis.get_lines(), curve_ratios(rows)
        assert len(curves) == len(ratios) == 2
        for curve, ratio in zip(curves, ratios, strict=True):
            np.testing.assert_allclose(curve.get_ydata(), largest_dimension(curve.get_xdata(), ratio))
    assert plotted["ratios"].iloc[0].split() == [f"{ratio:.6g}" for ratio in curve_ratios(plotted)]


def test_one_seed_has_no_bar() -> None:
    figure, _ = sample_size_figure(cells((100, 250), (64,)).assign(std_seeds=np.nan, seeds=1))
    assert [container.has_yerr for axis in figure.axes[:2] for container in axis.containers] == [False, False]


@pytest.mark.parametrize(
    "given",
    [
        cells((500,), (64,), ("mp-mix",)),
        cells((8, 34), (8, 64)),
        cells((250, 1000), (32, 64, 128, 256, 512, 1024, 2048), ("mp-mix",)),
        cells((100, 250, 500, 1000, 2708), (32, 64, 128, 256, 512, 1024, 2048)),
    ],
    ids=["one", "few", "narrow", "many"],
)
def test_cells_do_not_overlap_and_nothing_is_cut_off(given: pd.DataFrame) -> None:
    figure, _ = sample_size_figure(given)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    drawn, (width, height) = figure.get_tightbbox(renderer), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert (drawn.x1 <= width + 0.01, drawn.y1 <= height + 0.01) == (True, True)
    for legend in figure.legends:
        box = legend.get_window_extent(renderer)
        assert box.x0 >= 0
        assert box.x1 <= width * figure.dpi
    for axis in figure.axes:
        boxes = [text.get_bbox_patch().get_window_extent(renderer) for text in axis.texts]
        assert not any(one.overlaps(other) for number, one in enumerate(boxes) for other in boxes[:number])
