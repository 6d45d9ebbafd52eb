import json
from typing import Annotated

import pytest
from pydantic import Field

from relamp.settings.base import Count, Settings
from relamp.settings.graphs import Pretraining
from relamp.study.options import describe, json_schema


class Inner(Settings):
    """The inside."""

    width: Count = 3
    """Width
    in metres."""


class Outer(Settings):
    """The outside."""

    description: str
    """A field whose name is a word of the schema."""
    inner: Inner = Inner()
    """What is inside."""
    maybe: Inner | None = None
    """Inside, or nothing."""
    many: Annotated[tuple[int, ...], Field(min_length=1)] = (1, 2)
    """Numbers."""


def test_every_option_has_its_dotted_key_its_value_and_one_line() -> None:
    chosen = Outer(description="x", inner=Inner(width=7))
    expected = [
        ("description", "x", "A field whose name is a word of the schema."),
        ("inner.width", 7, "Width in metres."),
        ("maybe", None, "Inside, or nothing."),
        ("many", (1, 2), "Numbers."),
    ]
    assert describe(Outer, chosen) == describe(Outer, chosen.model_dump()) == expected
    filled = chosen.model_copy(update={"maybe": Inner(width=1)})
    assert ("maybe.width", 1, "Width in metres.") in describe(Outer, filled)


def test_all_options_of_pretraining_are_listed_once() -> None:
    options = describe(Pretraining, Pretraining())
    keys = [option.key for option in options]
    assert len(set(keys)) == len(keys)
    assert {"epochs", "lamp.prune_scope", "mmix.mix.threshold", "mmix.training"} <= set(keys)
    assert all(option.description for option in options)


def test_the_schema_describes_every_option_and_requires_none() -> None:
    schema = json_schema(Outer)
    assert schema["properties"]["many"]["description"] == "Numbers."
    assert schema["properties"]["description"]["type"] == "string"
    assert schema["$defs"]["Inner"]["properties"]["width"] == {
        "default": 3,
        "description": "Width in metres.",
        "minimum": 1,
        "title": "Width",
        "type": "integer",
    }
    assert (schema["additionalProperties"], "required" in schema) == (False, False)
    assert json.loads(json.dumps(schema)) == schema


def test_the_schema_accepts_what_the_settings_accept() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema(Pretraining))
    assert validator.is_valid(Pretraining().model_dump(mode="json"))
    assert validator.is_valid({"mmix": {"training": {"epochs": 3, "checkpoints": [3]}}})
    for wrong in ({"epoch": 3}, {"epochs": -1}, {"lamp": {"prune_scope": "node"}}, {"hidden": "wide"}):
        assert not validator.is_valid(wrong), wrong
