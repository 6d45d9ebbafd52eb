"""Zip files for tests."""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path


def make_zip(path: Path, members: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def contents(files: Iterable[Path], folder: str) -> dict[str, bytes]:
    """What some files hold, as the members of a folder."""
    return {f"{folder}/{path.name}": path.read_bytes() for path in files}
