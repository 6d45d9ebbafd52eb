"""What stored files hold besides what made them: the seconds of two runs differ, their results do not."""

import json
from pathlib import Path
from typing import Any

from relamp.runtime.sealed import read_sealed


def timeless(path: Path) -> Any:
    """Return facts and text of rows, and the entries of a run.json, without `made`; of other files the bytes."""
    if path.name == "run.json":
        return {key: value for key, value in json.loads(path.read_text()).items() if key != "made"}
    if path.read_bytes().startswith(b"# sha256 "):
        facts, text = read_sealed(path)
        return {key: value for key, value in facts.items() if key != "made"}, text
    return path.read_bytes()
