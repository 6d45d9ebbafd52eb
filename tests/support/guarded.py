"""Packed data as jobs take them: with the guard's report beside."""

from pathlib import Path
from typing import Any

from relamp.data.verified import guard_of
from relamp.runtime.files import sha256, write_json


def save_guarded(data: Any, path: Path) -> Path:
    data.save(path)
    write_json(guard_of(path), {"sha256": sha256(path)})
    return path
