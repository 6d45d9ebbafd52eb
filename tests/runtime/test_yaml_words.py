"""YAML that says what it seems to say."""

from pathlib import Path
from typing import Any

import pytest

from relamp.errors import RelampError
from relamp.runtime.yaml_words import MOST_ENTRIES, parse_words, read_options, refuse_excess


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(word, word) for word in ("NO", "on", "yes", "Off", "y", "24:00:00", "1:30", "1_000", "2001-01-01", "0x1F")],
        *[("true", True), ("FALSE", False), ("~", None), ("", None), ("null", None), ("'no'", "no"), ('"1"', "1")],
        *[
            ("7", 7),
            ("-07", -7),
            ("+1", 1),
            ("0777", 777),
            ("1e-3", 0.001),
            (".5", 0.5),
            ("5.", 5.0),
            ("-1.5E+3", -1500.0),
        ],
        *[(".inf", float("inf")), ("-.INF", -float("inf")), ("1e400", float("inf")), ("=", "=")],
    ],
)
def test_words_are_words_and_numbers_are_numbers(text: str, value: Any) -> None:
    found = parse_words(text, "a.yaml")
    assert (found, type(found)) == (value, type(value))
    assert parse_words(f"k: {text}", "a.yaml") == {"k": value}


def test_a_mapping_may_be_merged_below_another() -> None:
    found = parse_words("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {'<<': 1}", "a.yaml")
    assert found["b"] == {"x": 1, "y": 3}
    assert found["c"] == {"<<": 1}


BOMB = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: a stands here a second time (first in line 1); correct it"),
        ("a:\n  b: {c: 1, d: 2,\n  c: 3}\n", "line 3: c stands here a second time (first in line 2); correct it"),
        ("a: 1\n'a': 2\n", "line 2: a stands here a second time (first in line 1); correct it"),
        ("[a]: 1", "line 1: a key is a word or a number; correct it"),
        ("a: {<<: 1}", "line 1: << takes one mapping; correct it"),
        ("a: 1\n  b: 2", "line 2: mapping values are not allowed here; correct it"),
        ("a: 'x", "line 1: found unexpected end of stream; correct it"),
        ("a: !!python/object/apply:os.system [ls]", "line 1: could not determine a constructor for the tag"),
        ("a: !!int x", "is no YAML that can be read (invalid literal for int()"),
        ("a: " + "[" * 5000, "is no YAML that can be read (maximum recursion depth exceeded"),
        ("a: " + "9" * 5000, "is no YAML that can be read (Exceeds the limit"),
        ("a: \x07", "is no YAML that can be read (unacceptable character #x0007"),
        ("a: 1\n---\nb: 1", "line 2: but found another document; correct it"),
        ("a: &a [*a]", "line 1: found unconstructable recursive node; correct it"),
        (BOMB, f"has more than {MOST_ENTRIES:,} entries; shorten it"),
        ("a: [" + "0," * 1_000_000 + "]", f"has more than {MOST_ENTRIES:,} entries; correct it"),
        ("\x1b[31m" + "k" * 1000, "is no YAML that can be read (unacceptable character #x001b"),
    ],
    ids=range(17),
)
def test_what_cannot_be_meant_is_told_in_a_line(text: str, message: str) -> None:
    with pytest.raises(RelampError) as caught:
        parse_words(text, "a.yaml")
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"a.yaml: {message}")
    assert len(line) < 400


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is not there; make it, or name another file"),
        (b"\xff\xfe\x00", "is no text that can be read ('utf-8' codec can't decode"),
        (b"- a\n- b\n", "holds ['a', 'b'] and no options, each a line `name: value`; correct it"),
        (b"word", "holds word and no options"),
    ],
)
def test_a_file_of_another_kind_is_told(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(RelampError) as caught:
        read_options(tmp_path / "a.yaml")
    assert str(caught.value).startswith(f"{tmp_path}/a.yaml: {message}")


def test_an_empty_file_has_no_options_and_a_folder_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("# nothing\n")
    assert read_options(tmp_path / "a.yaml") == {}
    with pytest.raises(RelampError, match=r"is no text that can be read \(.*Is a directory"):
        read_options(tmp_path)


def test_shared_parts_count_each_time() -> None:
    part: Any = [1] * 100
    refuse_excess([part] * 190, "x")
    with pytest.raises(RelampError, match="x: has more than 20,000 entries"):
        refuse_excess({"a": [part] * 200}, "x")
