import json
from typing import Annotated

from pydantic import Field

from relamp.settings.base import Count, Settings
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


def test_the_schema_describes_every_option_and_requires_none() -> None:
    schema = json_schema(Outer)
    assert schema["properties"]["many"]["description"] == "Numbers."
    assert schema["properties"]["description"]["type"] == "string"
    assert schema["$defs"]["Inner"]["properties"]["width"] == {
        "default": 3,
        "description": "Width in metres.",
        "exclusiveMaximum": 2**31,
        "minimum": 1,
        "title": "Width",
        "type": "integer",
    }
    assert (schema["additionalProperties"], "required" in schema) == (False, False)
    assert json.loads(json.dumps(schema)) == schema
