from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept_calls import write_marks, write_or_fail, write_sum
from relamp.runtime.files import sha256
from relamp.runtime.kept import by_content, fingerprint, make_each, score_each
from relamp.runtime.log import GOES_ON

CODE = [Path(__file__).parents[2] / "src" / "relamp" / "errors.py"]


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


def make(folder: Path, pluses: list[int], processes: int = 1, code: list[Path] = CODE) -> list[Path]:
    outputs = [folder / "results" / "sums" / f"{plus}.txt" for plus in pluses]
    arguments = [{"source": folder / "number", "plus": plus} for plus in pluses]
    # Each output has a folder of its own, as rows of runs have.
    outputs = [path.parent / path.stem / path.name for path in outputs]
    make_each(write_sum, arguments, outputs, folder / "results" / "state", code, processes, "sums")
    return outputs


@pytest.mark.parametrize("processes", [1, 2])
def test_only_what_is_missing_is_made_and_all_is_written(
    folder: Path, processes: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    first = make(folder, [1, 2], processes)
    assert GOES_ON not in caplog.text
    assert [path.read_text() for path in first] == ["41", "42"]
    assert calls(folder) == ["1", "2"]
    for path in first:
        path.unlink()  # as a workflow does before it runs a job again
    again = make(folder, [1, 2, 3], processes)
    assert [path.read_text() for path in again] == ["41", "42", "43"]
    assert calls(folder) == ["3"]
    assert f"{GOES_ON} with 2 of 3 that an earlier job had made" in caplog.text


def test_other_contents_arguments_and_code_are_made_anew_and_one_file_is_kept(folder: Path) -> None:
    make(folder, [1])
    (folder / "number").write_text("50")
    (changed,) = make(folder, [1])
    assert changed.read_text() == "51"
    make(folder, [1], code=[*CODE, CODE[0].with_name("lite.py")])
    assert calls(folder) == ["1", "1", "1"]
    assert len(list((folder / "results/state/sums/1").iterdir())) == 1


def test_what_was_made_before_a_failure_is_kept(folder: Path) -> None:
    outputs = [folder / "results" / name / "sum.txt" for name in ("a", "b")]
    arguments = [{"source": folder / "number", "plus": plus} for plus in (1, -1)]
    with pytest.raises(ValueError, match="negative"):
        make_each(write_or_fail, arguments, outputs, folder / "results" / "state", CODE, 1, "sums")
    calls(folder)
    arguments[1]["plus"] = 2
    make_each(write_or_fail, arguments, outputs, folder / "results" / "state", CODE, 1, "sums")
    assert [path.read_text() for path in outputs] == ["41", "42"]
    assert calls(folder) == ["sum"]


def test_runs_get_their_own_files_seed_by_seed(folder: Path) -> None:
    paths = [folder / f"{run}-{seed}" for run in ("x", "y") for seed in (3, 5)]
    for path in paths:
        path.write_text(path.name)
    outputs = [folder / "results" / run / "rows.csv" for run in ("x", "y")]
    labels = [{"method": "one"}, {"method": "two"}]
    score_each(write_marks, {"shared": "all"}, paths, [3, 5], labels, outputs, folder / "results/state", CODE, 1)
    assert [path.read_text() for path in outputs] == [
        "all one [(3, 'x-3'), (5, 'x-5')]",
        "all two [(3, 'y-3'), (5, 'y-5')]",
    ]
    with pytest.raises(ValueError, match="zip"):
        score_each(write_marks, {"shared": ""}, paths, [3, 5], labels[:1], outputs, folder / "results/state", CODE, 1)
    with pytest.raises(ValueError, match="zip"):
        score_each(write_marks, {"shared": ""}, paths[:3], [3, 5], labels, outputs, folder / "results/state", CODE, 1)


simple = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(simple)
def test_what_names_no_file_stays_as_it_is(value: object) -> None:
    assert by_content(value) == value


def test_a_file_counts_by_what_it_holds(tmp_path: Path) -> None:
    one, two, other = (tmp_path / name for name in ("one", "two", "other"))
    one.write_text("same")
    two.write_text("same")
    other.write_text("different")
    given_twice = [fingerprint(by_content({"seeds": {0: path}, "kind": (1, "a")})) for path in (one, two, other)]
    assert given_twice[0] == given_twice[1] != given_twice[2]
    assert by_content({0: [one]}) == {"0": [sha256(one)]}

    assert by_content({1: "a", 10: "b"}) == {"1": "a", "10": "b"}
    assert by_content([one, {"b": two}], str) == [str(one), {"b": str(two)}]
    with pytest.raises(FileNotFoundError):
        by_content(Path("there/is/no/such/file"))
