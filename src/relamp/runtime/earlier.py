"""The earlier version of files that a workflow makes anew: kept, and put back where making them failed.

A workflow deletes a job's outputs before it starts and after it failed. Files are written beside and renamed, and never
changed in place, so that a second name is all that keeping one takes. What is put back has its old time, so that the
next run makes it again.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from relamp.errors import RelampError


def keep(paths: Iterable[str], folder: Path) -> None:
    """Keep the present version of files under their paths below a folder, and nothing of those that are not there."""
    for path, kept in _pairs(paths, folder):
        if path.is_file():
            _give_name(path, kept)
        else:
            kept.unlink(missing_ok=True)


def put_back(paths: Iterable[str], folder: Path) -> list[str]:
    """Put the kept version of those files back that are missing; return which."""
    missing = [(path, kept) for path, kept in _pairs(paths, folder) if kept.is_file() and not path.exists()]
    for path, kept in missing:
        _give_name(kept, path)
    return [str(path) for path, _ in missing]


def _pairs(paths: Iterable[str], folder: Path) -> Iterable[tuple[Path, Path]]:
    return [(Path(path), folder / path) for path in paths]


def _give_name(path: Path, other: Path) -> None:
    try:
        other.parent.mkdir(parents=True, exist_ok=True)
        other.unlink(missing_ok=True)
        try:
            other.hardlink_to(path)
        except OSError:  # another file system, or one without links
            shutil.copy2(path, other)
    except OSError as error:
        raise RelampError(
            f"{other}: cannot be written ({error.strerror}); free some space or fix the rights"
        ) from error
