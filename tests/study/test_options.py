"""What editors and `make options` say of the configuration."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from relamp.study.options import lines, schema

ROOT = Path(__file__).parents[2]
PRESETS = sorted((ROOT / "workflow" / "presets").glob("*.yaml"))


def test_the_stored_schema_is_current() -> None:
    stored = json.loads((ROOT / "workflow" / "config.schema.json").read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(schema())), "run `make schema`"


@pytest.mark.parametrize("file", [ROOT / "config.yaml", *PRESETS], ids=lambda file: file.stem)
def test_the_schema_admits_what_is_shipped(file: Path) -> None:
    given = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert not list(Draft202012Validator(schema()).iter_errors(given))


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"gammma": 1}, "Additional properties"),
        ({"unsupervised": {"seeds": "many"}}, "is not of type"),
        ({"unsupervised": {"sweeps": {"eta": {"values": 3}}}}, "is not valid under any"),
    ],
)
def test_the_schema_marks_what_cannot_be(part: dict[str, object], words: str) -> None:
    (error,) = Draft202012Validator(schema()).iter_errors(part)
    assert words in error.message


@pytest.mark.parametrize("preset", [file.stem for file in PRESETS])
def test_every_option_is_described(preset: str) -> None:
    printed = list(lines(preset))
    assert len(printed) > 100
    assert all(line.partition("  # ")[2] for line in printed)
