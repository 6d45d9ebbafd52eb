"""The site of the recorded runs, from their rows alone; what is committed of it is what it makes."""

import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest

from links import Links
from made_once import MadeOnce
from relamp.__main__ import main
from relamp.site.build import PICTURES, REPORT, SAID

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "reproduction"
COMMITTED = (REPORT, SAID, *(f"{name}.csv" for name in PICTURES))


def make(folder: Path) -> None:
    shutil.copytree(RECORDED, folder / "reproduction")
    for name in COMMITTED:
        (folder / "reproduction" / name).unlink()
    assert main(["site", str(folder / "site"), "--reproduction", str(folder / "reproduction")]) == 0


@pytest.fixture(scope="module")
def made(made_once: MadeOnce) -> Path:
    """The site of all recorded runs."""
    return made_once("site", make)


@pytest.mark.parametrize("name", COMMITTED)
def test_what_is_committed_is_made_of_the_recorded_rows(made: Path, name: str) -> None:
    assert (made / "reproduction" / name).read_text() == (RECORDED / name).read_text(), "run `make site`, and commit"


@pytest.mark.parametrize("name", ["index.html", "numbers.html"])
def test_every_link_leads_somewhere_and_none_leaves_the_site(made: Path, name: str) -> None:
    pages = {path: Links(path.read_text()) for path in (made / "site").glob("*.html")}
    mine = made / "site" / name
    # Within an SVG, marks are drawn by `#`.
    links = [link for link in pages[mine].found if not re.match(r"#(m[0-9a-f]{9,}|[Dd]ejavu)", link)]
    assert len(links) > 100
    for link in links:
        assert not re.match(r"[a-z]+:", link), link
        place, _, anchor = link.partition("#")
        path = (mine.parent / unquote(place)).resolve() if place else mine
        assert path.is_file(), link
        if anchor and path.suffix == ".html":
            page = pages.get(path) or Links(path.read_text())
            pages[path] = page
            assert anchor in page.anchors, link


def test_each_number_that_was_run_is_a_mark_and_a_line_with_the_command_that_makes_it_again(made: Path) -> None:
    index = (made / "site" / "index.html").read_text()
    ran = int(re.search(r"(\d+) of \d+ published numbers</h2>", index)[1])  # type: ignore[index]
    pictures, by_method = (
        re.findall(r'xlink:href="numbers\.html#', part) for part in index.split("By whose methods they are")
    )
    assert len(pictures) == ran
    # Of these the accuracies at the papers' sizes are drawn a second time.
    assert len(by_method) == len((made / "reproduction" / "shifts.csv").read_text().splitlines()) - 1 > 100
    numbers = (made / "site" / "numbers.html").read_text()
    command = r"<code>snakemake --cores all --config preset=(.*?) -- results/([\w-]+)/rows/\S+</code>"
    commands = re.findall(command, numbers)
    assert len(commands) == ran
    # Rows of older runs do not tell it.
    assert "scoring: AMD EPYC, commit 7aa01bb66c04, " in numbers
    # A run that has a name has it behind its preset's.
    assert all(folder.startswith(options.partition(" ")[0]) for options, folder in commands)


def test_a_site_that_fails_leaves_the_earlier_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "site").mkdir()
    for page in ("index.html", "numbers.html"):
        (tmp_path / "site" / page).write_text("earlier")
    assert main(["site", str(tmp_path / "site"), "--reproduction", str(tmp_path)]) == 1
    assert "holds no recorded run" in capsys.readouterr().err
    assert (tmp_path / "site" / "index.html").read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("place", ["thesis", "notes.txt", ".", "..", "reproduction", "results"])
def test_a_folder_with_other_work_is_never_replaced(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "mine"
    for name in ("thesis/chapter.tex", "reproduction/quick/rows.zip", "results/index.html", "notes.txt", "config.yaml"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("work")
    monkeypatch.chdir(home)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert main(["site", place]) == 1
    assert f"relamp: {place}: " in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_an_earlier_site_or_an_empty_folder_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for page in ("index.html", "numbers.html", "quick/verdict.html"):
        (tmp_path / "old" / page).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "old" / page).touch()
    # What stops these is that there is nothing to show.
    for place in ("empty", "old", "new"):
        assert main(["site", place]) == 1
        assert "holds no recorded run" in capsys.readouterr().err
