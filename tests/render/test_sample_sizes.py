import numpy as np
import pandas as pd
import pytest

from relamp.evaluate.sample_bound import largest_dimension, needed_samples
from relamp.render.sample_sizes import sample_size_figure
from stored_rows import grid_rows, probe_row

POINTS = [(samples, dimension) for samples in (100, 500) for dimension in (64, 256, 1024)]


def ratios(plotted: pd.DataFrame) -> list[float]:
    return [float(text) for text in plotted["ratios"].iloc[0].split()]


def test_the_relation_beside_each_cell_by_hand() -> None:
    _, plotted = sample_size_figure(grid_rows((100, 500), (64, 256, 1024), methods=("mp-mix",)))
    first = plotted.iloc[0]
    assert (first["samples"], first["dimension"]) == (100, 64)
    # 100 / (log 7.01 + 2 log 64 - log 0.05)
    assert first["largest_ratio"] == pytest.approx(100 / (1.947337 + 8.317766 + 2.995732), abs=1e-4)
    told = plotted.set_index(["samples", "dimension"])["assumed"].to_dict()
    assert [point for point, assumed in told.items() if not assumed] == [(100, 64), (500, 64), (500, 256)]
    best = plotted[plotted["best"]].set_index("samples")["mean"]
    assert best.to_dict() == plotted.groupby("samples")["mean"].max().to_dict()


def test_the_rank_correlation_is_that_of_ranks_and_needs_six_cells() -> None:
    for sign in (1, -1):
        values = {(n, f): 0.5 + sign * n / np.log(f) / 1000 for n, f in POINTS}
        rows = [probe_row(0, 5, value, n, f) for (n, f), value in values.items()]
        _, plotted = sample_size_figure(pd.DataFrame(rows))
        assert plotted["rank_correlation"].tolist() == [pytest.approx(sign)] * 6
    figure, plotted = sample_size_figure(grid_rows((100, 500), (64, 256), methods=("mp-mix",)))
    assert plotted["rank_correlation"].isna().all()
    assert "rank correlation" not in figure.axes[1].get_xlabel()


@pytest.mark.parametrize("samples", [(34,), (8, 34), (100, 250, 500, 1000), (10, 20, 40, 80, 160, 320)])
def test_curves_pass_between_the_sample_sizes(samples: tuple[int, ...]) -> None:
    _, plotted = sample_size_figure(grid_rows(samples, (8, 32), methods=("mp-mix",)))
    assert len(ratios(plotted)) == min(max(len(samples) - 1, 1), 3)
    # Of N the bracket knows next to nothing.
    crossings = [ratio * needed_samples(samples[0], 16) for ratio in ratios(plotted)]
    assert crossings == sorted(crossings)
    assert all(crossing < samples[-1] for crossing in crossings)
    if len(samples) > 1:
        assert all(crossing > samples[0] for crossing in crossings)


def test_above_are_lines_with_bars_and_below_the_cells_and_curves() -> None:
    figure, plotted = sample_size_figure(grid_rows((100, 250, 500), (64, 256)))
    lines, planes = figure.axes[:2], figure.axes[2:]
    assert [axis.get_title() for axis in lines] == ["Cora, mp-mix", "Cora, mp-mix w/o div"]
    for axis, (_, rows) in zip(lines, plotted.groupby("method"), strict=True):
        drawn = [container.lines[0].get_ydata().tolist() for container in axis.containers]
        assert drawn == [part["mean"].tolist() for _, part in rows.groupby("dimension")]
    for axis, (_, rows) in zip(planes, plotted.groupby("method"), strict=True):
        assert [text.get_text() for text in axis.texts] == [f"{mean:.1f}" for mean in rows["mean"]]
        curves = axis.get_lines()
        assert len(curves) == len(ratios(plotted)) == 2
        for curve, ratio in zip(curves, ratios(plotted), strict=True):
            np.testing.assert_allclose(curve.get_ydata(), largest_dimension(curve.get_xdata(), ratio), rtol=1e-3)


def test_one_seed_has_no_bar() -> None:
    figure, _ = sample_size_figure(grid_rows((100, 250), (64,), seeds=1))
    assert [container.has_yerr for axis in figure.axes[:2] for container in axis.containers] == [False, False]
