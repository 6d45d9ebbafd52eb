"""Zip and tar files for tests."""

import io
import tarfile
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


def make_tar(path: Path, members: Mapping[str, bytes], **special: bytes) -> Path:
    """Write a .tar.gz; names that end in a slash are folders, `special` are members of a type of tar's own."""
    kinds = {**{name: tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE for name in members}, **special}
    with tarfile.open(path, "w:gz") as tar:
        for name, kind in kinds.items():
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(members.get(name, b"")), "a"
            tar.addfile(info, io.BytesIO(members.get(name, b"")))
    return path
