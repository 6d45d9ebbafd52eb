"""What an earlier site has of a recorded run is taken over while it is what would be rendered, and only then."""

from collections.abc import Callable
from pathlib import Path

import pytest

from relamp.site import rendered
from relamp.site.rendered import MARK, render_run


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of rows; what is rendered of it is what it holds, on a page and in a table."""

    def render(rows: Path, out: Path) -> None:
        (out / "tables").mkdir(parents=True)
        for name in ("index.html", "tables/a.csv"):
            (out / name).write_text(rows.read_text())

    monkeypatch.setattr(rendered, "render", render)
    rendered._relamp.cache_clear()
    (tmp_path / "rows.zip").write_text("1")
    return tmp_path / "rows.zip"


def content(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_what_is_the_same_is_copied(rows: Path, tmp_path: Path) -> None:
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    assert render_run(rows, one, tmp_path / "none") == 1
    assert [render_run(rows, two, one), render_run(rows, three, two)] == [0, 0]
    assert content(one) == content(two) == content(three)
    assert content(one).keys() == {"index.html", "tables/a.csv", MARK}


@pytest.mark.parametrize(
    "change",
    [
        lambda one: (one / "tables/a.csv").write_text("2"),
        lambda one: (one / "index.html").unlink(),
        lambda one: (one / "more.html").touch(),
        lambda one: (one / "index.html").rename(one / "other.html"),
        lambda one: (one / MARK).write_bytes(b"\xff"),
        lambda one: (one / MARK).unlink(),
        lambda one: (one.parent / "rows.zip").write_text("2"),
    ],
)
def test_what_was_changed_is_rendered_again(rows: Path, tmp_path: Path, change: Callable[[Path], object]) -> None:
    render_run(rows, one := tmp_path / "one", tmp_path / "none")
    change(one)
    assert render_run(rows, two := tmp_path / "two", one) == 1
    assert content(two) == {"index.html": rows.read_text(), "tables/a.csv": rows.read_text(), MARK: content(two)[MARK]}


def test_another_relamp_or_package_renders_again(rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home" / "published").mkdir(parents=True)
    (tmp_path / "home" / "workflow").mkdir()
    (table := tmp_path / "home" / "published" / "lamp_table1.csv").write_text("81.2")
    monkeypatch.setattr(rendered, "home", lambda: tmp_path / "home")
    render_run(rows, one := tmp_path / "one", tmp_path / "none")
    rendered._relamp.cache_clear()
    assert render_run(rows, tmp_path / "two", one) == 0
    table.write_text("81.3")
    rendered._relamp.cache_clear()
    assert render_run(rows, tmp_path / "three", one) == 1
    rendered._relamp.cache_clear()
    monkeypatch.setattr(rendered.metadata, "distributions", lambda: [])
    assert render_run(rows, tmp_path / "four", tmp_path / "three") == 1
