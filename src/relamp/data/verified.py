"""What results are made of, checked before it is used: packed data by the guard's report, trained arrays by their own.

A packed file's sha256 stands in the report that lies beside it. Encoders and embeddings have in their headers the
sha256 of their arrays, and the facts of their training.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import map_arrays
from relamp.errors import RelampError
from relamp.runtime.files import read_json, sha256
from relamp.runtime.sealed import again, check_facts, remade

FACTS, DIGEST = "facts", "sha256"  # words of a header


def guard_of(packed: Path) -> Path:
    """Return the guard's report on a packed file."""
    return packed.with_suffix(".guard.json")


def verified(packed: Path) -> str:
    """Return the sha256 of a packed file; raises RelampError unless it is the one in the guard's report beside it."""
    guard = guard_of(packed)
    if not packed.is_file():
        raise RelampError(f"{packed}: is not there; make it with `{remade(packed)}`")
    if not guard.is_file():
        raise RelampError(f"{guard}: is not there, by which {packed} is checked; make it with `{remade(guard)}`")
    try:
        known = read_json(guard)[DIGEST]
    except (ValueError, KeyError, TypeError) as error:
        raise RelampError(f"{guard}: names no sha256 of {packed.name}; {again(guard)}") from error
    found = sha256(packed)
    if found != known:
        raise RelampError(
            f"{packed}: was changed since it was packed (sha256 {found[:12]}, not {known[:12]}); {again(packed)}"
        )
    return found


def header_of(arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the words of the header by which `check_trained` knows arrays again."""
    return {DIGEST: _digest(arrays), FACTS: json.dumps(facts, sort_keys=True)}


def check_trained(path: Path, asked: Mapping[str, Any], protocol: Mapping[str, Any] | None = None) -> None:
    """Check the arrays of an encoder, or of embeddings, against their header.

    Raises RelampError if they are not those of their sha256, or were made with other facts than `asked`, or by another
    `protocol`, as those of edited graphs are.
    """
    arrays, words = map_arrays(path)
    if words.get(DIGEST) != _digest(arrays):
        raise RelampError(f"{path}: its arrays do not match the sha256 in its header; {again(path)}")
    facts = json.loads(words[FACTS])
    check_facts(path, facts, {**asked, "protocol": protocol} if "protocol" in facts and protocol is not None else asked)


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    summed = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        summed.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        summed.update(array.data)
    return summed.hexdigest()
