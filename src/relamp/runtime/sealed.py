"""Text files that say what they are: a line with the sha256 of all that follows it, and perhaps a line of facts.

A file that was cut, edited or put there from another run is refused, or made again, and not taken for what it is not.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from relamp.errors import RelampError
from relamp.runtime.files import write_text

_HASH, _FACTS, _ABSENT = "# sha256 ", "# ", object()

# Options that came after files that are still read, with what these were made with.
_BEFORE = {
    "settings.simgrace.perturbed_gradient": False,
    "dgk.order": "file",
    "protocol.scaling": "none",
    "protocol.epoch": "last",
    "gala.most_epochs": None,
    "deepwalk.scaling": "none",
}


def write_sealed(path: Path | str, body: str, facts: Mapping[str, Any] | None = None) -> None:
    """Write a text under its sha256 and facts that JSON can hold, as a whole or not at all."""
    text = body if facts is None else f"{_FACTS}{json.dumps(facts, sort_keys=True)}\n{body}"
    write_text(path, f"{_HASH}{_digest(text)}\n{text}")


def read_sealed(path: Path | str) -> tuple[dict[str, Any], str]:
    """Return a file's facts, none where it has no line of them, and its text.

    Raises RelampError if the file is missing or its content is not what its first line says.
    """
    try:
        head, _, text = Path(path).read_bytes().decode("utf-8", errors="replace").partition("\n")
    except FileNotFoundError as error:
        raise RelampError(f"{path}: is not there; make it with `{remade(path)}`") from error
    except OSError as error:
        raise RelampError(f"{path}: cannot be read ({error.strerror}); fix its rights") from error
    if head != f"{_HASH}{_digest(text)}":
        raise RelampError(f"{path}: its content does not match its sha256 line; {again(path)}")
    if not text.startswith(_FACTS):
        return {}, text
    line, _, body = text.partition("\n")
    try:
        return dict(json.loads(line.removeprefix(_FACTS))), body
    except (ValueError, TypeError, RecursionError) as error:
        raise RelampError(f"{path}: its second line holds no facts; {again(path)}") from error


def is_sealed(path: Path | str) -> bool:
    """Return whether a file begins with a line of a sha256, right or wrong."""
    with Path(path).open("rb") as file:
        return file.read(len(_HASH)) == _HASH.encode()


def intact(path: Path | str) -> bool:
    """Return whether a file is there and its content is what its first line says."""
    try:
        read_sealed(path)
    except RelampError:
        return False
    return True


def check_facts(path: Path | str, facts: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Compare what a file says of itself with what is asked for; it may say more.

    A file that is older than an option was made with what stands in `_BEFORE`. Raises RelampError, with the first
    difference, if something differs.
    """
    asked = json.loads(json.dumps(asked))  # as a file would hold it
    differences = [
        f"was made with {name} {_said(found)}, but {_said(wanted)} is asked for"
        for key in asked
        for name, found, wanted in _differing(key, facts.get(key, _ABSENT), asked[key])
    ]
    if differences:
        more = f" (and {len(differences) - 1} more differences)" if len(differences) > 1 else ""
        raise RelampError(f"{path}: {differences[0]}{more}; {again(path)}")


def differing(one: Any, other: Any, name: str) -> list[tuple[str, str, str]]:
    """Return what two files say otherwise of something, by its name: each name below it, and both in words.

    Either may be older than an option.
    """
    return [(option, _said(first), _said(second)) for option, first, second in _differing(name, one, other)]


def otherwise(one: Mapping[str, Any], other: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """Yield what one says otherwise than another of something, by its name: each name below it, and the first's value.

    It may be older than an option; one that only one of them has, and `_BEFORE` has not, is left out.
    """
    for option, first, second in _differing(name, one, other):
        value = _before(option) if first is _ABSENT else first
        if value is not _ABSENT and second is not _ABSENT:
            yield option, value


def again(path: Path | str) -> str:
    """Return in words how a file is made again."""
    return f"delete it and run `{remade(path)}`"


def remade(path: Path | str) -> str:
    """Return the command that makes a missing file."""
    return f"snakemake --cores 2 -- {path}"


def _differing(name: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted(one.keys() | other.keys()):
            yield from _differing(f"{name}.{key}", one.get(key, _ABSENT), other.get(key, _ABSENT))
    elif (_before(name) if one is _ABSENT else one) != (_before(name) if other is _ABSENT else other):
        yield name, one, other


def _before(name: str) -> Any:
    return next((value for option, value in _BEFORE.items() if f".{name}".endswith(f".{option}")), _ABSENT)


def _said(value: Any) -> str:
    text = "none" if value is _ABSENT else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
