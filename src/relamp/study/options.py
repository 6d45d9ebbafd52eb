"""The options of the configuration, each with its value and what it means, and their JSON schema for editors.

python -m relamp.study.options quick     print the options of a preset, as config.yaml overrides them
python -m relamp.study.options --schema  print the schema
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from relamp.errors import RelampError
from relamp.runtime.yaml_words import read_options
from relamp.settings.options import describe, json_schema
from relamp.study.config import Config, load_config

_ROOT = Path(__file__).parents[3]
_PRESETS = _ROOT / "workflow" / "presets"


def lines(preset: str) -> Iterator[str]:
    """Yield a line per option: key, value and description."""
    given = read_options(_ROOT / "config.yaml")
    config = load_config({**given, "preset": preset}, _PRESETS)
    for key, value, about in describe(Config, config):
        yield f"{key}: {json.dumps(value, default=_plain)}  # {about}"


def schema() -> dict[str, Any]:
    """Return the JSON schema of config.yaml, in which every option may be left out: the preset has it."""
    found = json_schema(Config)
    found["properties"]["preset"]["enum"] = sorted(path.stem for path in _PRESETS.glob("*.yaml"))
    return found


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json")


def main(words: list[str]) -> int:
    """Print the options or the schema; return the exit status."""
    if words == ["--schema"]:
        print(json.dumps(schema(), indent=2, sort_keys=True))
        return 0
    try:
        print("\n".join(lines(*(words or ["quick"]))))
    except RelampError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
