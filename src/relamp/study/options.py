"""The options of the configuration, each with its value and what it means, and their JSON schema for editors."""

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import Any

from relamp.settings.options import describe, json_schema
from relamp.study.config import Config, configured, presets


def lines(preset: str | None = None) -> Iterator[str]:
    """Yield a line per option of a preset, as config.yaml overrides it: key, value and description."""
    for key, value, about in describe(Config, configured(preset)):
        yield f"{key}: {json.dumps(value, default=_plain)}  # {about}"


def schema() -> dict[str, Any]:
    """Return the JSON schema of config.yaml, in which every option may be left out: the preset has it."""
    found = json_schema(Config)
    found["properties"]["preset"]["enum"] = presets()
    return found


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json")


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
