from itertools import combinations
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest

from greys import lightness
from relamp.method.table import METHODS as ALL
from relamp.render.style import COLOURS, in_style, label, ordered, panels, save, short_name, styles

METHODS = ALL["graphs"]


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
    assert ordered(["Solubility-3", "IMDB-BINARY", "Cuneiform", "NCI1", "NCI1"]) == [
        "NCI1",
        "IMDB-BINARY",
        "Cuneiform",
        "Solubility-3",
    ]


@pytest.mark.parametrize(("count", "shape"), [(1, (1, 1)), (2, (1, 2)), (5, (2, 3)), (8, (2, 4)), (9, (3, 3))])
def test_panels_are_as_even_as_may_be(count: int, shape: tuple[int, int]) -> None:
    figure, axes = panels([str(i) for i in range(count)], most_columns=4, size=(2, 2))
    assert len(axes) == len(figure.axes) == count
    assert axes[0].get_gridspec().get_geometry() == shape
    assert [axis.get_title() for axis in axes] == [str(i) for i in range(count)]


def draw(folder: Path) -> list[Path]:
    with in_style():
        figure, (axis,) = panels(["x"], 1, (2, 2))
        axis.plot([0, 1], [1, 2], marker="s", label="a")
        axis.bar([0], [1], hatch="//")
        figure.legend()
    return save(figure, pd.DataFrame({"x": [0, 1], "y": [1.0, 2.0]}), folder / "gamma~0.2.v1")


def test_the_same_figure_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    first, second = draw(tmp_path / "a"), draw(tmp_path / "b")
    assert [path.name for path in first] == [f"gamma~0.2.v1.{kind}" for kind in ("pdf", "svg", "png", "csv")]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
    # Both might have been made within a second: there must be no date at all.
    assert b"Date" not in first[0].read_bytes()
    assert b"<dc:date>" not in first[1].read_bytes()
    assert b"tIME" not in first[2].read_bytes()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == sorted(path.name for path in first)


def test_the_style_is_taken_off_again() -> None:
    assert mpl.rcParams["backend"]  # which matplotlib chooses once it is asked for
    before = mpl.rcParams.copy()
    with in_style():
        assert mpl.rcParams["svg.hashsalt"] == "relamp"
    assert mpl.rcParams == before
