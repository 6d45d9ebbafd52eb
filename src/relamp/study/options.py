"""The options of the configuration, each with its value and what it means, and their JSON schema for editors."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from relamp.study.config import Config, configured, presets


def lines(preset: str | None = None) -> Iterator[str]:
    """Yield a line per option of a preset, as config.yaml overrides it: key, value and description."""
    config = configured({"preset": preset} if preset else None)
    for key, value, about in describe(Config, config.model_dump(mode="json")):
        yield f"{key}: {json.dumps(value)}  # {about}"


def schema() -> dict[str, Any]:
    """Return the JSON schema of config.yaml, in which every option may be left out: the preset has it."""
    found = json_schema(Config)
    found["properties"]["preset"]["enum"] = presets()
    return found


class Option(NamedTuple):
    """One option: its dotted key, its value, and what it is."""

    key: str
    value: Any
    description: str


def describe(model: type[BaseModel], values: BaseModel | Mapping[str, Any], prefix: str = "") -> list[Option]:
    """Return every option of a model in the order of its fields, nested models in their place.

    Args:
        model: the settings.
        values: the resolved value of each field: an instance, or a mapping such as `model_dump` returns.
        prefix: stands before each key.
    """
    given = dict(values)
    options: list[Option] = []
    for name, field in model.model_fields.items():
        key, value = f"{prefix}{name}", given[name]
        nested = _nested(field.annotation)
        if nested is None or value is None:
            options.append(Option(key, value, _one_line(field.description or "")))
        else:
            options += describe(nested, value, f"{key}.")
    return options


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a model; no key is required, since a file of options overrides others' values."""
    schema: dict[str, Any] = _plain(model.model_json_schema())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _nested(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a field holds, itself or as an alternative to None; None for any other field."""
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _plain(node: Any) -> Any:
    """Return a schema whose descriptions are one line each and that requires no key."""
    if isinstance(node, list):
        return [_plain(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _plain(value) for key, value in node.items() if key != "required" or "properties" not in node}
    if isinstance(kept.get("description"), str):  # and not the schema of a field of that name
        kept["description"] = _one_line(kept["description"])
    return kept


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main(words: Sequence[str]) -> int:
    """Print the options or the schema; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="relamp options", description="Print every option with its value and meaning."
    )
    parser.add_argument("preset", nargs="?", help="another than the configured one")
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON schema by which editors complete config.yaml"
    )
    given = parser.parse_args(words)
    print(json.dumps(schema(), indent=2, sort_keys=True) if given.schema else "\n".join(lines(given.preset)))
    return 0
