from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from relamp.render.figures import damage_figure, damage_summary, sweep_figure

from relamp.errors import RelampError
from relamp.render.style import PAPER_ORDER, save

EIGHT = PAPER_ORDER[:8]


def damage_rows(datasets: tuple[str, ...] = ("MUTAG",), graphs: int = 11, draws: int = 2) -> pd.DataFrame:
    """Values 0, 0.1 ... 1 in every cell; the first graph of further data sets has no edges."""
    rows = [
        (dataset, augmentation, reading, draw, graph, "ok", 1.0, 1.0 - graph / 10, graph / 10)
        for dataset, augmentation, reading, draw, graph in product(
            datasets, ("subgraph", "node_drop"), ("code", "paper"), range(draws), range(graphs)
        )
    ]
    columns = ["dataset", "augmentation", "reading", "draw", "graph", "status", "before", "after", "value"]
    return pd.DataFrame(rows, columns=columns)


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]


def assert_nothing_is_cut_off(figure: Figure) -> None:
    """Everything drawn lies within the sheet, and no tick label runs into the next."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn, (width, height) = figure.get_tightbbox(canvas.get_renderer()), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.01
    assert drawn.x1 <= width + 0.01
    assert drawn.y1 <= height + 0.01
    for axis in figure.axes:
        boxes = [label.get_window_extent(canvas.get_renderer()) for label in axis.get_xticklabels()]
        assert all(left.x1 < right.x0 for left, right in pairwise(boxes)), axis.get_title()


def test_damage_summary_by_hand() -> None:
    rows = damage_rows()
    bad = (rows["augmentation"] == "subgraph") & (rows["graph"] == 10)
    rows.loc[bad, "status"] = "zero_entropy"
    rows.loc[bad, "value"] = np.nan
    plotted = damage_summary(rows)
    assert plotted["augmentation"].tolist() == ["node_drop"] * 2 + ["subgraph"] * 2
    assert plotted["reading"].tolist() == ["paper", "code"] * 2
    whole, cut = plotted.iloc[0], plotted.iloc[2]
    # The values are 0, 10 ... 100 %, each twice: the quantiles lie at 0.05 * 21 = 1.05 and so on of them, from 0.
    assert whole["q05"] == pytest.approx(0.05 * 10)
    assert whole["q25"] == pytest.approx(20 + 0.25 * 10)
    assert whole["median"] == pytest.approx(50.0)
    assert whole["mean"] == pytest.approx(50.0)
    assert whole["q95"] == pytest.approx(90 + 0.95 * 10)
    assert (whole["n"], whole["graphs"], whole["draws"], whole["no_edges"], whole["zero_entropy"]) == (22, 11, 2, 0, 0)
    assert cut["mean"] == pytest.approx(45.0)
    assert (cut["n"], cut["graphs"], cut["no_edges"], cut["zero_entropy"]) == (20, 11, 0, 1)


def test_damage_summary_does_not_depend_on_the_order_of_rows() -> None:
    rows = damage_rows(("MUTAG", "Cuneiform"))
    shuffled = rows.sample(frac=1, random_state=np.random.default_rng(0))
    pd.testing.assert_frame_equal(damage_summary(shuffled), damage_summary(rows), check_exact=True)


def test_damage_figure_draws_what_it_says() -> None:
    rows = damage_rows(("Cuneiform", "MUTAG"))
    rows.loc[(rows["dataset"] == "Cuneiform") & (rows["graph"] < 2), ["status", "value"]] = ["no_edges", np.nan]
    figure, plotted = damage_figure(rows)
    assert [axis.get_title() for axis in figure.axes] == ["MUTAG", "Cuneiform"]
    for axis in figure.axes:
        cells = plotted[plotted["dataset"] == axis.get_title()]
        medians = [float(line.get_ydata()[0]) for line in axis.lines if line.get_linewidth() > 2]  # type: ignore[index]
        assert sorted(medians) == pytest.approx(sorted(cells["median"]))
    shown = texts(figure)
    assert "node dropping\nn 22 / 22" in shown
    assert "node dropping\nn 18 / 18" in shown
    assert any("left out: 2 graphs without edges, 0 of zero entropy" in text for text in shown)
    assert any("left out: 0 graphs without edges, 0 of zero entropy" in text for text in shown)


def test_a_cell_with_nothing_left_is_shown_as_empty() -> None:
    rows = damage_rows().assign(status="no_edges", value=np.nan)
    figure, plotted = damage_figure(rows)
    assert plotted["n"].eq(0).all()
    assert plotted["median"].isna().all()
    assert_nothing_is_cut_off(figure)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [({"status": "odd"}, "status .'odd'."), ({"reading": "odd"}, "reading .'odd'."), ({"value": np.nan}, "marked ok")],
)
def test_damage_rows_that_make_no_sense_are_refused(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(RelampError, match=complaint):
        damage_figure(damage_rows().assign(**change))  # type: ignore[arg-type]
    with pytest.raises(RelampError, match="no rows"):
        damage_figure(damage_rows().iloc[:0])


def cells(parameter: str, values: tuple[float, ...], datasets: tuple[str, ...], seeds: int = 5) -> pd.DataFrame:
    rows = [
        {
            **{"method": "lamp-mag", "dataset": dataset, "gamma": 0.2, "alpha": 1.0, "epoch": 20.0, parameter: value},
            **{"mean": 80.0 + i, "std_seeds": 0.5 if seeds > 1 else np.nan, "std_folds": 5.0},
            **{"seeds": seeds, "folds": 10},
        }
        for dataset in datasets
        for i, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def references(datasets: tuple[str, ...]) -> pd.DataFrame:
    rows = cells("gamma", (0.2,), datasets).assign(alpha=np.nan)
    return pd.concat([rows.assign(method="untrained", gamma=np.nan, mean=78.0), rows.assign(method="lamp-mag-nolocal")])


def curve_of(axis: Axes) -> tuple[list[float], list[float]]:
    (line,) = [line for line in axis.lines if line.get_marker() == "o"]
    return list(map(float, line.get_xdata())), list(map(float, line.get_ydata()))  # type: ignore[arg-type]


GAMMAS = tuple(round(0.05 * i, 2) for i in range(1, 20))
ALPHAS = (0.01, 0.1, 1.0, 10.0, 100.0)


@pytest.mark.parametrize("datasets", [("MUTAG",), ("MUTAG", "Solubility-3"), EIGHT])
@pytest.mark.parametrize(("parameter", "values"), [("gamma", GAMMAS), ("alpha", ALPHAS)])
def test_sweep_figure_draws_what_it_says(parameter: str, values: tuple[float, ...], datasets: tuple[str, ...]) -> None:
    shuffled = cells(parameter, values, datasets).iloc[::-1]
    figure, plotted = sweep_figure(shuffled, parameter, references(datasets))  # type: ignore[arg-type]
    assert len(figure.axes) == len(datasets)
    for axis in figure.axes:
        assert curve_of(axis) == (list(values), [80.0 + i for i in range(len(values))])
        levels = sorted(line.get_ydata()[0] for line in axis.lines if len(line.get_xdata()) == 2)  # type: ignore
        assert levels == [78.0, 80.0]
    assert (plotted["role"] == "reference").sum() == 2 * len(datasets)
    curve = plotted[plotted["role"] == "curve"]
    np.testing.assert_allclose(curve["upper"] - curve["lower"], 1.0)
    assert "LAMP-Mag, 5 seeds" in texts(figure)
    assert "mean ± std over seeds" in texts(figure)
    assert_nothing_is_cut_off(figure)
    if parameter == "alpha":
        assert figure.axes[0].get_xscale() == "log"
        ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
        assert ticks == ["0.01", "0.1", "1", "10", "100"]


def test_alpha_zero_has_its_place() -> None:
    figure, _ = sweep_figure(cells("alpha", (0.0, 0.1, 1.0), ("MUTAG",)), "alpha")
    assert figure.axes[0].get_xscale() == "symlog"
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["0", "0.1", "1"]
    assert_nothing_is_cut_off(figure)


def test_one_seed_has_no_bars() -> None:
    figure, plotted = sweep_figure(cells("gamma", GAMMAS, ("MUTAG",), seeds=1), "gamma")
    assert not figure.axes[0].collections
    assert plotted["std_seeds"].isna().all()
    assert "LAMP-Mag, 1 seed" in texts(figure)
    assert not any("±" in text for text in texts(figure))


def test_uneven_numbers_of_seeds_are_shown() -> None:
    rows = cells("gamma", (0.2, 0.5), ("MUTAG",)).assign(seeds=[3, 5])
    figure, _ = sweep_figure(rows, "gamma")
    assert "LAMP-Mag, 3 to 5 seeds" in texts(figure)


def test_sweeps_that_would_mislead_are_refused() -> None:
    rows = cells("gamma", (0.2, 0.5), ("MUTAG",))
    with pytest.raises(RelampError, match="several cells where gamma is"):
        sweep_figure(pd.concat([rows, rows.assign(alpha=10.0)]), "gamma")
    with pytest.raises(RelampError, match="untrained has no gamma"):
        sweep_figure(pd.concat([rows, references(("MUTAG",))]), "gamma")
    with pytest.raises(RelampError, match="several cells"):
        sweep_figure(rows, "gamma", pd.concat([references(("MUTAG",))] * 2))
    with pytest.raises(RelampError, match="no cells"):
        sweep_figure(rows.iloc[:0], "gamma")


@pytest.mark.parametrize("datasets", [("MUTAG",), ("MUTAG", "Solubility-3"), EIGHT])
def test_damage_figure_is_not_cut_off(datasets: tuple[str, ...]) -> None:
    rows = pd.concat([damage_rows(datasets), damage_rows(datasets).assign(augmentation="edge_perturbation")])
    # As many digits below a box as REDDIT-MULTI-5K has.
    figure, _ = damage_figure(rows)
    for axis in figure.axes:
        axis.set_xticks(range(3), ["edge perturbation\nn 24,995 / 24,995"] * 3)
    assert_nothing_is_cut_off(figure)


def test_figures_are_reproducible(tmp_path: Path) -> None:
    def once(folder: Path) -> list[bytes]:
        paths = save(*damage_figure(damage_rows()), folder / "fig2")
        paths += save(
            *sweep_figure(cells("alpha", ALPHAS, ("MUTAG",)), "alpha", references(("MUTAG",))), folder / "fig5"
        )
        return [path.read_bytes() for path in paths]

    assert once(tmp_path / "a") == once(tmp_path / "b")
