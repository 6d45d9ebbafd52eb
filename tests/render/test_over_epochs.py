import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from relamp.errors import RelampError
from relamp.render.over_epochs import epoch_cells, over_epochs_figure
from relamp.render.style import save

KEY = {"method": "mp-mix", "dataset": "Cora", "samples": 100, "dimension": 8}


def row(seed: int, epoch: int, value: float, **over: object) -> dict:
    return {**KEY, "seed": seed, "epoch": epoch, "run": 0, "branch": "average", "split": "test"} | {
        "metric": "accuracy",
        "value": value,
        **over,
    }


def grid(samples: tuple[int, ...], dimensions: tuple[int, ...], epochs: tuple[int, ...], seeds: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        [
            row(seed, e, 0.5 + 0.04 * np.log1p(e * f) / 2 + rng.normal(0, 0.01), samples=n, dimension=f, method=m)
            for m in ("mp-mix", "mp-mix-nodiv")
            for n in samples
            for f in dimensions
            for e in epochs
            for seed in range(seeds)
        ]
    )


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
    cells = epoch_cells(pd.DataFrame(rows))
    assert cells["epoch"].tolist() == [0, 5]
    np.testing.assert_allclose(cells["mean"], [30.0, 60.0])
    np.testing.assert_allclose(cells["std_seeds"], [0.0, 10 * np.sqrt(2)])
    assert cells["seeds"].tolist() == [2, 2]


def test_the_mark_is_the_first_epoch_near_the_best() -> None:
    values = {0: 0.30, 10: 0.605, 20: 0.612, 40: 0.58, 80: 0.613}
    cells = epoch_cells(pd.DataFrame([row(0, epoch, value) for epoch, value in values.items()]))
    figure, plotted = over_epochs_figure(cells)
    assert plotted.loc[plotted["near_best"], "epoch"].tolist() == [10]
    (line,) = figure.axes[0].get_lines()
    assert line.get_markevery() == [1]
    np.testing.assert_allclose(line.get_ydata(), [30, 60.5, 61.2, 58, 61.3])
    assert not figure.axes[0].collections  # one seed has no band


def test_a_panel_for_each_method_and_size_and_a_line_for_each_dimension() -> None:
    figure, plotted = over_epochs_figure(epoch_cells(grid((10, 34), (8, 64, 256), (0, 5, 50, 200), 3)))
    assert [axis.get_title() for axis in figure.axes] == [
        f"Cora, {method}\nN = {samples}" for method in ("mp-mix", "mp-mix w/o div") for samples in (10, 34)
    ]
    for axis in figure.axes:
        assert [line.get_label() for line in axis.get_lines()] == ["8", "64", "256"]
        assert len(axis.collections) == 3
        assert axis.get_ylim() == figure.axes[0].get_ylim()
    assert len(plotted) == 2 * 2 * 3 * 4


@pytest.mark.parametrize(
    ("samples", "dimensions", "epochs"),
    [
        ((34,), (8,), (0, 20)),
        ((8, 34), (8, 64), (0, 5, 10, 20, 50, 100, 200)),
        ((250, 500, 1000, 2708), (32, 64, 256, 1024), (0, 10, 20, 50, 100, 200, 500, 1000, 2000)),
        ((250, 500), (16, 32, 64, 128, 256, 512, 1024), tuple(range(0, 2001, 100))),
    ],
)
def test_labels_do_not_overlap_and_nothing_is_cut_off(
    samples: tuple[int, ...], dimensions: tuple[int, ...], epochs: tuple[int, ...]
) -> None:
    figure, _ = over_epochs_figure(epoch_cells(grid(samples, dimensions, epochs, 2)))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    drawn, (width, height) = figure.get_tightbbox(renderer), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert (drawn.x1 <= width + 0.01, drawn.y1 <= height + 0.01) == (True, True)
    for axis in figure.axes:
        texts = [label for label in axis.get_xticklabels() if label.get_text()]
        assert len(texts) >= 2
        assert texts[-1].get_text() == str(epochs[-1])
        boxes = [text.get_window_extent(renderer) for text in texts]
        assert not any(one.overlaps(other) for number, one in enumerate(boxes) for other in boxes[:number])


def test_runs_without_checkpoints_are_refused() -> None:
    with pytest.raises(RelampError, match="fewer than two epochs; name more `checkpoints`"):
        over_epochs_figure(epoch_cells(pd.DataFrame([row(0, 5, 0.4), row(1, 5, 0.5)])))


def test_the_same_rows_give_the_same_files(tmp_path) -> None:
    rows = grid((10,), (8, 64), (0, 5, 50), 2)
    for name in ("a", "b"):
        save(*over_epochs_figure(epoch_cells(rows)), tmp_path / name)
    for kind in ("png", "svg", "csv"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
