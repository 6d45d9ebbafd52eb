import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from figure_texts import texts
from relamp.errors import RelampError
from relamp.render.sweep import sweep_figure
from stored_rows import ALPHAS, EIGHT, GAMMAS, svm_rows, sweep_rows

ONE = ["lamp-mag"]


def ticks(axis: Axes) -> list[str]:
    return [label.get_text() for label in axis.get_xticklabels()]


def curves(axis: Axes) -> list[tuple[list[float], list[float]]]:
    marked = [line for line in axis.lines if line.get_marker() not in ("None", "_")]
    return [(list(map(float, line.get_xdata())), list(map(float, line.get_ydata()))) for line in marked]  # type: ignore


@pytest.mark.parametrize("datasets", [("MUTAG",), EIGHT])
@pytest.mark.parametrize(("parameter", "values"), [("gamma", GAMMAS), ("alpha", ALPHAS)])
def test_the_figure_draws_what_it_says(parameter: str, values: tuple[float, ...], datasets: tuple[str, ...]) -> None:
    figure, plotted = sweep_figure(sweep_rows(parameter, values, datasets), parameter, ONE)
    assert len(figure.axes) == len(datasets)
    for axis in figure.axes:
        ((x, y),) = curves(axis)
        assert x == list(values)
        assert y == pytest.approx([70.0 + i for i in range(len(values))])
        levels = sorted(line.get_ydata()[0] for line in axis.lines if len(line.get_xdata()) == 2)  # type: ignore
        assert levels == pytest.approx([68.0, 70.0])
    assert (plotted["role"] == "reference").sum() == 2 * len(datasets)
    curve = plotted[plotted["role"] == "curve"]
    np.testing.assert_allclose(curve["upper"] - curve["lower"], 1.0)
    np.testing.assert_allclose(curve[parameter], curve["x"])
    assert {"LAMP-Mag", "mean ± std over 5 seeds"} <= set(texts(figure))


@pytest.mark.parametrize(
    ("parameter", "values", "scale", "shown"),
    [
        ("alpha", ALPHAS, "log", ["0.01", "0.1", "1", "10", "100"]),
        # Zero has its place, though it has no logarithm.
        ("alpha", (0.0, 0.1, 1.0), "symlog", ["0", "0.1", "1"]),
        ("temperature", (0.1, 0.2, 0.5), "linear", ["0.1", "0.2", "0.5"]),
        ("temperature", tuple(n / 10 for n in range(1, 11)), "log", ["0.1", "0.2", "0.5", "1"]),
        ("learning_rate", (1e-4, 1e-3, 1e-2), "log", ["0.0001", "0.001", "0.01"]),
        ("offset", (-1.0, 0.0, 10.0), "linear", ["-1", "10"]),
        ("gamma", (0.2, 0.9), "linear", ["0.2", "0.9"]),
    ],
)
def test_the_scale_follows_the_values(parameter: str, values: tuple[float, ...], scale: str, shown: list[str]) -> None:
    figure, _ = sweep_figure(sweep_rows(parameter, values), parameter, ONE)
    assert figure.axes[0].get_xscale() == scale
    assert ticks(figure.axes[0]) == shown


def test_known_parameters_have_a_symbol_and_others_their_name() -> None:
    for parameter, words in (("eta", "perturbation of the encoder η"), ("learning_rate", "learning rate")):
        figure, _ = sweep_figure(sweep_rows(parameter, (0.1, 0.2)), parameter, ONE)
        assert figure.get_supxlabel() == words


def test_a_setting_that_does_not_name_the_parameter_is_at_the_configured_value() -> None:
    rows = pd.concat([sweep_rows("eta", (0.5, 2.0), references=False, method="simgrace"), svm_rows("simgrace", {})])
    figure, plotted = sweep_figure(rows, "eta", ["simgrace"], configured=1.0)
    assert curves(figure.axes[0])[0][0] == [0.5, 1.0, 2.0]
    assert plotted["eta"].tolist()[::2] == [0.5, 2.0]
    with pytest.raises(RelampError, match=r"simgrace: has no number for eta; .*configured value"):
        sweep_figure(rows, "eta", ["simgrace"])


def test_a_grid_has_a_curve_for_each_value_of_the_second_parameter() -> None:
    parts = [sweep_rows("gamma", (0.2, 0.5), alpha=alpha, references=alpha == 1) for alpha in (2.0, 10.0, 1.0)]
    figure, plotted = sweep_figure(pd.concat(parts), "gamma", ONE)
    assert len(curves(figure.axes[0])) == 3
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names[:3] == [f"LAMP-Mag, α = {alpha}" for alpha in (1, 2, 10)]
    assert plotted.loc[plotted["role"] == "curve", ["alpha", "x"]].to_numpy().tolist() == [
        [alpha, gamma] for alpha in (1, 2, 10) for gamma in (0.2, 0.5)
    ]


def test_methods_may_be_swept_together_and_words_tell_curves_apart() -> None:
    rows = [sweep_rows("temperature", (0.1, 0.5), references=False, method=name) for name in ("graphcl", "simgrace")]
    rows += [
        svm_rows("lamp-mag", {"temperature": value, "readout": readout})
        for value in (0.1, 0.5)
        for readout in ("sum", "mean")
    ]
    figure, _ = sweep_figure(pd.concat(rows), "temperature", ["graphcl", "simgrace", "lamp-mag"])
    assert {"LAMP-Mag, readout = sum", "GraphCL", "SimGRACE"} <= set(texts(figure))


def test_one_seed_has_no_bars_and_uneven_numbers_of_seeds_are_shown() -> None:
    figure, plotted = sweep_figure(sweep_rows("gamma", GAMMAS, seeds=1, references=False), "gamma", ONE)
    assert not figure.axes[0].collections
    assert plotted["std_seeds"].isna().all()
    assert {"LAMP-Mag", "1 seed"} <= set(texts(figure))
    assert not any("±" in text for text in texts(figure))
    parts = [sweep_rows("gamma", (gamma,), seeds=seeds, references=False) for gamma, seeds in ((0.2, 3), (0.5, 5))]
    shown = texts(sweep_figure(pd.concat(parts), "gamma", ONE)[0])
    assert {"LAMP-Mag, 3 to 5 seeds", "mean ± std over 3 to 5 seeds"} <= set(shown)


def test_sweeps_that_would_mislead_are_refused() -> None:
    rows = sweep_rows("gamma", (0.2, 0.5))
    with pytest.raises(
        RelampError, match="lamp-mag, dataset MUTAG: a point of the sweep over gamma has a duplicate; give one"
    ):
        sweep_figure(pd.concat([rows, svm_rows("lamp-mag", {})]), "gamma", ONE, configured=0.5)
    with pytest.raises(RelampError, match="method lamp-mag-nolocal, dataset MUTAG: a point"):
        sweep_figure(pd.concat([rows, svm_rows("lamp-mag-nolocal", {"gamma": 0.5})]), "gamma", ONE)
    with pytest.raises(RelampError, match="untrained: has no number for gamma"):
        sweep_figure(rows, "gamma", [*ONE, "untrained"])
    with pytest.raises(RelampError, match="lamp-mag: has no number for readout"):
        sweep_figure(svm_rows("lamp-mag", {"readout": "sum"}), "readout", ONE)
    with pytest.raises(RelampError, match="no rows of simgrace; run and evaluate"):
        sweep_figure(rows, "gamma", ["simgrace"])
