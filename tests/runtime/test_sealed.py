import hashlib
from pathlib import Path
from typing import Any

import pytest

from relamp.errors import RelampError
from relamp.runtime.sealed import check_facts, intact, is_sealed, read_sealed, write_sealed


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_first_line_is_the_sha256_of_all_that_follows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_sealed(path, "x\n1\n", {"b": [1, 2.5], "a": "Müller\n"})
    head, rest = path.read_text().split("\n", 1)
    assert head == f"# sha256 {digest(rest)}"
    assert rest == '# {"a": "M\\u00fcller\\n", "b": [1, 2.5]}\nx\n1\n'
    assert read_sealed(path) == ({"a": "Müller\n", "b": [1, 2.5]}, "x\n1\n")
    write_sealed(path, "x\n1\n")
    assert read_sealed(path) == ({}, "x\n1\n")
    assert is_sealed(path)
    assert intact(path)
    path.write_text(path.read_text()[:-1])
    assert is_sealed(path)
    assert not intact(path)
    assert not intact(tmp_path / "none")


@pytest.mark.parametrize("line", ["# no JSON", "# 5", "# [1]", "# " + "[" * 100_000])
def test_a_line_of_facts_that_holds_none_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"# sha256 {digest(line)}\n{line}")
    with pytest.raises(RelampError, match=r"a\.csv: its second line holds no facts; delete it and run"):
        read_sealed(path)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(RelampError, match=r"cannot be read \(Is a directory\)"):
        read_sealed(tmp_path)


@pytest.mark.parametrize(
    ("facts", "asked"),
    [({}, {}), ({"more": 1}, {}), ({"a": [1, 2]}, {"a": (1, 2)}), ({"a": {"b": 1.0}}, {"a": {"b": 1}})],
)
def test_facts_may_be_more_than_asked(facts: dict[str, Any], asked: dict[str, Any]) -> None:
    check_facts("a.csv", facts, asked)
    with pytest.raises(RelampError, match="was made with c none, but 3 is asked for"):
        check_facts("a.csv", facts, {**asked, "c": 3})


def test_a_file_older_than_an_option_was_made_with_what_there_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relamp.runtime.sealed._BEFORE", {"settings.mine.late": False})
    old = {"training": {"settings": {"mine": {"early": 1}}}}
    check_facts("a.csv", old, {"training": {"settings": {"mine": {"early": 1, "late": False}}}})
    check_facts("a.csv", {"settings": {"mine": {}}}, {"settings": {"mine": {"late": False}}})  # whole names count
    for mine, said in (
        ({"early": 1, "late": True}, "late none, but true"),
        ({"early": 1, "other": 2}, "other none, but 2"),
    ):
        with pytest.raises(RelampError, match=f"was made with training.settings.mine.{said} is asked for"):
            check_facts("a.csv", old, {"training": {"settings": {"mine": mine}}})
    # What a file says counts.
    with pytest.raises(RelampError, match="late true, but false"):
        check_facts(
            "a.csv",
            {"training": {"settings": {"mine": {"late": True}}}},
            {"training": {"settings": {"mine": {"late": False}}}},
        )
