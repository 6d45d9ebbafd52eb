"""One hash of all that a result depends on: a stored result of another hash is not taken for this one."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from relamp.runtime.files import sha256


def fingerprint(facts: Any) -> str:
    """Return a hash of everything a result depends on (settings, seed, data, code), given as JSON-able facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def by_content(value: Any, hash_of: Callable[[Path], str] = sha256) -> Any:
    """Return arguments as JSON-able facts: a path counts by the hash of what the file holds, not by its name."""
    if isinstance(value, Path):
        return hash_of(value)
    if isinstance(value, Mapping):
        return {str(key): by_content(part, hash_of) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [by_content(part, hash_of) for part in value]
    return value
