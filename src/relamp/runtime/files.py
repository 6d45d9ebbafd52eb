"""Files that are either whole or absent: write beside, then rename."""

import hashlib
import json
import os
import platform
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from relamp.errors import RelampError, reason
from relamp.runtime.controller import refuse_orphan

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def whole(path: Path | str, *, orphan: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `path` that becomes `path` only if the block ends without an error.

    What killed writers have left beside the same path is removed.

    Raises RelampError if the disk is full, the folder cannot be written, or, unless an `orphan` may write it, the job's
    controller is gone; whatever was half-written is removed.
    """
    path = Path(path)
    if path.is_dir():
        raise RelampError(f"{path}: is a folder; name a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RelampError(f"{path.parent}: the folder cannot be made ({error.strerror}); fix its rights") from error
    # The suffix stays, since libraries (matplotlib, pandas) choose the format by it.
    beside = path.with_name(f".{path.stem}.{os.getpid()}{_NODE}.part{path.suffix}")
    try:
        _remove_leftovers(path)
        beside.touch()
        mode = beside.stat().st_mode  # what the umask and the folder give to a new file
        beside.unlink()
        yield beside
        # safetensors writes for the owner's eyes alone, but a cluster's shared folder is read by others too.
        beside.chmod(mode)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        if not orphan:
            refuse_orphan(path)
        beside.replace(path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RelampError(f"{path}: could not be written ({reason}); free some space or fix the rights") from error
    finally:
        beside.unlink(missing_ok=True)


# Several machines may write to one folder, and each knows its own processes alone.
_NODE = f"@{platform.node()}"


def _remove_leftovers(path: Path) -> None:
    """Remove the half-written files of processes of this machine that are no more, for one path."""
    before, after = f".{path.stem}.", f".part{path.suffix}"
    for entry in os.scandir(path.parent):
        if entry.name.startswith(before) and entry.name.endswith(after):
            writer = entry.name[len(before) : -len(after)].removesuffix(_NODE)
            if writer.isdecimal() and not _lives(int(writer)):
                Path(entry.path).unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it is another user's
        return True
    return True


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


def json_line(value: Any) -> str:
    """Return a value as JSON on one line, with sorted keys: for megabytes, in a quarter of the time of `json_text`."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"


def read_json(path: Path | str) -> Any:
    """Return what a JSON file holds; raises RelampError if it is not there or holds something else."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RelampError(f"{path}: is no JSON that can be read ({reason(error)}); delete it and run again") from error


def read_csv(path: Path | str, **options: Any) -> "pd.DataFrame":
    """Return a table as pandas reads it; raises RelampError if it is not there, empty or no table."""
    import pandas as pd

    try:
        rows: pd.DataFrame = pd.read_csv(path, **options)
    except (OSError, ValueError) as error:
        raise RelampError(f"{path}: is no table that can be read ({reason(error)}); delete it and run again") from error
    return rows


def write_csv(path: Path | str, rows: "pd.DataFrame") -> None:
    """Write rows as a whole or not at all; numbers keep all their digits."""
    with whole(path) as beside:
        rows.to_csv(beside, index=False)


def write_zip(path: Path | str, entries: Iterable[tuple[str, bytes]], *, compressed: bool = True) -> None:
    """Write a zip file of entries by name, as a whole or not at all; the same entries give the same bytes."""
    how = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with whole(path) as beside, zipfile.ZipFile(beside, "w", how, compresslevel=9) as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
            entry.compress_type = how
            archive.writestr(entry, content)


def sha256(path: Path | str) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
