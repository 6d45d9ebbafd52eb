"""Files that are either whole or absent: write beside, then rename."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from relamp.errors import RelampError

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def whole(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path` that becomes `path` only if the block ends without an error.

    Raises RelampError if the disk is full or the folder cannot be written; whatever was half-written is removed.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RelampError(f"{path.parent}: the folder cannot be made ({error.strerror}); fix its rights") from error
    # The suffix stays, since libraries (matplotlib, pandas) choose the format by it.
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        beside.touch()
        mode = beside.stat().st_mode  # what the umask and the folder give to a new file
        beside.unlink()
        yield beside
        # safetensors writes for the owner's eyes alone, but a cluster's shared folder is read by others too.
        beside.chmod(mode)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RelampError(f"{path}: could not be written ({reason}); free some space or fix the rights") from error
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path | str, text: str) -> None:
    """Write a text file as a whole or not at all."""
    with whole(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_changed(path: Path | str, text: str) -> None:
    """Write a text file unless it holds just that: a file that is not written again keeps its time."""
    path = Path(path)
    if not path.is_file() or path.read_bytes() != text.encode():
        write_text(path, text)


def write_json(path: Path | str, value: Any) -> None:
    """Write a JSON file, with sorted keys, as a whole or not at all."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """Return a value as JSON files hold it, with sorted keys."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_json(path: Path | str) -> Any:
    """Return what a JSON file holds."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_csv(path: Path | str, rows: "pd.DataFrame") -> None:
    """Write rows as a whole or not at all; numbers keep all their digits."""
    with whole(path) as beside:
        rows.to_csv(beside, index=False)


def sha256(path: Path | str) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
