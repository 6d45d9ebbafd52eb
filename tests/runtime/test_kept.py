import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pool_jobs import write_sum
from relamp.runtime.files import write_text
from relamp.runtime.kept import borrow, make_each
from relamp.runtime.log import RESUMES
from relamp.runtime.sealed import read_sealed

CODE = Path(__file__).parents[2] / "src" / "relamp" / "errors.py"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "number").write_text("40")
    return tmp_path


def calls(folder: Path) -> list[str]:
    """Return what was made since the last look."""
    path = folder / "calls"
    made = sorted(path.read_text().split()) if path.exists() else []
    path.unlink(missing_ok=True)
    return made


def make(folder: Path, pluses: list[int], processes: int = 1, code: Path = CODE) -> list[Path]:
    arguments = [{"source": folder / "number", "plus": plus} for plus in pluses]
    # Each output has a folder of its own, as rows of runs have.
    outputs = [folder / "results" / "sums" / str(plus) / f"{plus}.txt" for plus in pluses]
    facts = [{"plus": plus} for plus in pluses]
    make_each(write_sum, arguments, outputs, folder / "results" / "state", code, processes, "sums", facts=facts)
    return outputs


@pytest.mark.parametrize("processes", [1, 2])
def test_only_what_is_missing_is_made_and_all_is_written(
    folder: Path, processes: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    first = make(folder, [1, 2], processes)
    assert RESUMES not in caplog.text
    assert [read_sealed(path)[1] for path in first] == ["41", "42"]
    assert calls(folder) == ["1", "2"]
    for path in first:
        path.unlink()  # as a workflow does before it runs a job again
    again = make(folder, [1, 2, 3], processes)
    assert [read_sealed(path)[1] for path in again] == ["41", "42", "43"]
    assert calls(folder) == ["3"]
    assert f"{RESUMES} with 2 of 3 that an earlier job had made" in caplog.text


def test_other_contents_arguments_and_code_are_made_anew_and_one_file_is_kept(folder: Path) -> None:
    make(folder, [1])
    (folder / "number").write_text("50")
    (changed,) = make(folder, [1])
    assert read_sealed(changed)[1] == "51"
    make(folder, [1], code=CODE.with_name("lite.py"))
    assert calls(folder) == ["1", "1", "1"]
    assert len(list((folder / "results/state/sums/1").iterdir())) == 1


@pytest.mark.parametrize(
    "damage", [lambda s: s[:-1], lambda s: "garbage", lambda s: "", lambda s: s.replace("41", "42")]
)
def test_a_kept_copy_that_was_changed_is_made_again(folder: Path, damage: Callable[[str], str]) -> None:
    (output,) = make(folder, [1])
    (kept,) = (folder / "results/state/sums/1").iterdir()
    kept.write_text(damage(kept.read_text()))
    output.unlink()
    make(folder, [1])
    assert calls(folder) == ["1", "1"]
    assert kept.read_text() == output.read_text()
    assert read_sealed(output)[1] == "41"


def test_a_kept_copy_of_another_call_is_made_again(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    make(folder, [1, 2])
    (one,), (two,) = ((folder / "results/state/sums" / name).iterdir() for name in "12")
    shutil.copyfile(two, one)
    calls(folder)
    assert [read_sealed(path)[1] for path in make(folder, [1, 2])] == ["41", "42"]
    assert calls(folder) == ["1"]
    assert f"{one}: does not match its sha256 line, or is of another run; it is made again" in caplog.text


def test_what_was_made_before_a_failure_is_kept(folder: Path) -> None:
    outputs = [folder / "results" / name / "sum.txt" for name in ("a", "b")]
    arguments = [{"source": folder / "number", "plus": plus} for plus in (1, "no number")]
    with pytest.raises(TypeError):
        make_each(write_sum, arguments, outputs, folder / "results" / "state", CODE, 1, "sums")
    calls(folder)
    arguments[1]["plus"] = 2
    make_each(write_sum, arguments, outputs, folder / "results" / "state", CODE, 1, "sums")
    assert [read_sealed(path)[1] for path in outputs] == ["41", "42"]
    assert calls(folder) == ["sum"]


def test_what_fits_is_taken_from_another_run(tmp_path: Path) -> None:
    lender, own = tmp_path / "lender", tmp_path / "own"
    borrow(own, lender)
    assert not own.exists()
    lender.mkdir()
    for name in ("a.pt", "b.pt", ".c.12.part.pt"):
        (lender / name).write_text(f"theirs {name}")
    own.mkdir()
    (own / "b.pt").write_text("mine")
    borrow(own, lender)
    assert {path.name: path.read_text() for path in own.iterdir()} == {"a.pt": "theirs a.pt", "b.pt": "mine"}
    # Replaced as a whole, as all files are, the lender's stays as it was.
    write_text(own / "a.pt", "mine too")
    assert (lender / "a.pt").read_text() == "theirs a.pt"


def test_a_disk_without_links_gets_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    (tmp_path / "lender").mkdir()
    (tmp_path / "lender" / "a").write_text("x")
    borrow(tmp_path / "own", tmp_path / "lender")
    assert (tmp_path / "own" / "a").read_text() == "x"
    assert (tmp_path / "own" / "a").stat().st_nlink == 1
