from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.figure import Figure

from greys import lightness
from relamp.method.table import METHODS as ALL
from relamp.method.table import RIVALS
from relamp.render.style import (
    COLOURS,
    COLUMN,
    TALLEST,
    TEXT,
    drawn_as,
    in_style,
    label,
    ordered,
    panels,
    save,
    short_name,
    styles,
)

METHODS = [name for name in ALL["graphs"] if name not in RIVALS]


def test_lightness_by_hand() -> None:
    assert lightness("#FFFFFF") == pytest.approx(100)
    assert lightness("#000000") == 0
    # 18 % grey is the middle of the scale.
    assert lightness("#777777") == pytest.approx(50, abs=0.5)


def test_colours_run_from_dark_to_light_and_stay_off_white() -> None:
    grey = [lightness(colour) for colour in COLOURS]
    assert grey == sorted(grey)
    assert grey[-1] < 80


def test_any_two_methods_differ_in_grey_or_in_marker_and_line() -> None:
    look = styles([f"further-{i}" for i in range(12)])
    assert set(METHODS) < set(look)
    for a, b in combinations(look.values(), 2):
        if abs(lightness(a.colour) - lightness(b.colour)) < 10:
            # Level lines have no marker, so the line alone must tell them apart as well where the greys do not.
            assert a.marker != b.marker or a.line != b.line
    for a, b in combinations([look[name] for name in METHODS], 2):
        assert (a.colour, a.marker) != (b.colour, b.marker)
        assert abs(lightness(a.colour) - lightness(b.colour)) >= 10 or a.line != b.line


def test_a_method_looks_the_same_in_every_figure() -> None:
    assert styles(["zzz", "lamp-mag"])["lamp-mag"] == styles(["lamp-mag", "aaa"])["lamp-mag"]


def test_names_and_order() -> None:
    assert [short_name(name) for name in ("REDDIT-MULTI-5K", "Solubility-3", "mine")] == ["RED-M5K", "SOL-3", "mine"]
    assert [label(name) for name in ("lamp-mag", "none", "mine")] == ["LAMP-Mag", "No Pre-Train", "mine"]
    assert label("mvgrl-infonce-branch-z") == "MVGRL (InfoNCE) (branch z)"
    assert label("mp-mix-branch-a") == "mp-mix (branch a)"
    given = ["Solubility-3", "IMDB-BINARY", "Cuneiform", "NCI1", "NCI1"]
    assert ordered(given) == ["NCI1", "IMDB-BINARY", "Cuneiform", "Solubility-3"]


@pytest.mark.parametrize(("count", "shape"), [(1, (1, 1)), (2, (1, 2)), (5, (2, 3)), (8, (2, 4)), (9, (3, 3))])
def test_panels_are_as_even_as_may_be(count: int, shape: tuple[int, int]) -> None:
    figure, axes = panels([str(i) for i in range(count)], most_columns=4, height=1)
    assert len(axes) == len(figure.axes) == count
    assert axes[0].get_gridspec().get_geometry() == shape
    assert [axis.get_title() for axis in axes] == [str(i) for i in range(count)]
    assert figure.get_size_inches().tolist() == [COLUMN if shape[1] < 3 else TEXT, shape[0] + 0.5]


def test_many_rows_share_the_height_of_a_page() -> None:
    assert panels(["a"] * 30, most_columns=4, height=2)[0].get_figheight() == TALLEST < 9


def test_the_style_is_taken_off_again() -> None:
    assert mpl.rcParams["backend"]  # which matplotlib chooses once it is asked for
    before = mpl.rcParams.copy()
    with in_style():
        assert mpl.rcParams["svg.hashsalt"] == "relamp"
    assert mpl.rcParams == before


def test_pictures_are_of_the_kinds_that_are_asked_for(tmp_path: Path) -> None:
    figure, plotted = Figure(figsize=(3.33, 2)), pd.DataFrame({"x": [1]})
    with drawn_as("png"):
        assert [path.suffix for path in save(figure, plotted, tmp_path / "one")] == [".png", ".csv"]
    assert {path.name for path in tmp_path.iterdir()} == {"one.png", "one.csv"}
    assert [path.suffix for path in save(figure, plotted, tmp_path / "all")] == [".pdf", ".svg", ".png", ".csv"]
    assert (tmp_path / "all.png").read_bytes() == (tmp_path / "one.png").read_bytes()
