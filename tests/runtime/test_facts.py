from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relamp.runtime.files import sha256
from relamp.runtime.kept import by_content, fingerprint

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


def test_numbers_as_keys_are_kept_apart() -> None:
    assert by_content({1: "a", 10: "b"}) == {"1": "a", "10": "b"}


def test_files_are_hashed_by_the_function_that_is_given() -> None:
    assert by_content([Path("a"), {"b": Path("c")}], str) == ["a", {"b": "c"}]


def test_a_missing_file_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        by_content(Path("there/is/no/such/file"))
