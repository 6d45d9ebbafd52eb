import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from relamp.errors import RelampError
from relamp.render.over_epochs import over_epochs_figure
from stored_rows import grid_rows
from stored_rows import probe_row as row


def test_cells_by_hand() -> None:
    rows = [
        *(row(0, 5, value, run=run) for run, value in enumerate((0.4, 0.6))),
        row(1, 5, 0.7),
        *(row(seed, 0, 0.3) for seed in (0, 1)),
        row(0, 9, 0.9),  # seed 1 stopped earlier
        row(0, 5, 0.0, split="train"),
        row(0, 5, 0.0, branch="a"),
        row(0, 5, 0.0, metric="micro_f1"),
    ]
    _, cells = over_epochs_figure(pd.DataFrame(rows))
    assert cells["epoch"].tolist() == [0, 5]
    np.testing.assert_allclose(cells["mean"], [30.0, 60.0])
    np.testing.assert_allclose(cells["std_seeds"], [0.0, 10 * np.sqrt(2)])
    assert cells["seeds"].tolist() == [2, 2]


def test_the_mark_is_the_first_epoch_near_the_best() -> None:
    values = {0: 0.30, 10: 0.605, 20: 0.612, 40: 0.58, 80: 0.613}
    figure, plotted = over_epochs_figure(pd.DataFrame([row(0, epoch, value) for epoch, value in values.items()]))
    assert plotted.loc[plotted["near_best"], "epoch"].tolist() == [10]
    (line,) = figure.axes[0].get_lines()
    assert line.get_markevery() == [1]
    np.testing.assert_allclose(line.get_ydata(), [30, 60.5, 61.2, 58, 61.3])
    assert not figure.axes[0].collections  # one seed has no band


def test_a_panel_for_each_method_and_size_and_a_line_for_each_dimension() -> None:
    figure, plotted = over_epochs_figure(grid_rows((10, 34), (8, 64, 256), (0, 5, 50, 200), 3))
    assert [axis.get_title() for axis in figure.axes] == [
        f"{method}\nN = {samples}" for method in ("mp-mix", "mp-mix w/o div") for samples in (10, 34)
    ]
    for axis in figure.axes:
        assert [line.get_label() for line in axis.get_lines()] == ["8", "64", "256"]
        assert len(axis.collections) == 3
        assert axis.get_ylim() == figure.axes[0].get_ylim()
    assert len(plotted) == 2 * 2 * 3 * 4


def test_the_last_epoch_has_its_label() -> None:
    figure, _ = over_epochs_figure(grid_rows((34,), (8,), (0, 10, 20, 50, 100, 200, 500, 1000, 2000)))
    FigureCanvasAgg(figure).draw()
    texts = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert len(texts) >= 2
    assert texts[-1] == "2000"


def test_runs_without_checkpoints_are_refused() -> None:
    with pytest.raises(RelampError, match="fewer than two epochs; name more `checkpoints`"):
        over_epochs_figure(pd.DataFrame([row(0, 5, 0.4), row(1, 5, 0.5)]))
