"""Folders and zip files as named byte streams; a zip file is trusted no further than the size it may unpack to."""

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from relamp.errors import RelampError, listed, reason, shortened
from relamp.runtime.files import whole

# What is read from a compressed member at once: zipfile unpacks all of it in one go for LZMA, at up to 7000 : 1.
_STEP = 4096
_BUFFER = 2**18

# All that a damaged or hostile zip or gzip file may make Python's own readers raise.
DAMAGE = (
    zipfile.BadZipFile,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,  # an encrypted member; its subclass NotImplementedError is an unknown compression
    ValueError,
)


class Folder:
    """The files of a folder by name, without its subfolders; `advice` is what a reader says of a faulty one."""

    advice = "correct the file"

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def __contains__(self, name: str) -> bool:
        return (self.folder / name).exists()

    def place(self, name: str) -> str:
        """Return the file's path."""
        return str(self.folder / name)

    def open(self, name: str) -> BinaryIO:
        """Open the file for reading; raises RelampError if it is not there."""
        return _opened(self.folder / name, f"unpack the whole data set into {self.folder}")


class Archive:
    """The members of a zip file by their base name, whatever folders they lie in; nothing is written to disk.

    They may unpack to `most_bytes` bytes in all. Raises RelampError if the file is missing, cut off, no zip file or an
    HTML page; if a member is a link or has a path that leads outside; or if the members declare more than that.
    """

    advice = "fetch the data set again"

    def __init__(self, path: Path | str, most_bytes: int) -> None:
        self.path = Path(path)
        self._members: dict[str, list[zipfile.ZipInfo]] = {}
        head = first_bytes(self.path, "zip file")
        try:
            with zipfile.ZipFile(self.path) as file:
                members = [info for info in file.infolist() if not info.is_dir()]
        except DAMAGE as error:
            fault = "is a zip file that is cut off or damaged" if head.startswith(b"PK") else "is no zip file"
            raise RelampError(f"{self.path}: {fault}; delete it and fetch it again") from error
        for info in members:
            check_member(self.path, info.filename, "is a link" if stat.S_ISLNK(info.external_attr >> 16) else "")
            self._members.setdefault(_parts(info.filename)[-1], []).append(info)
        total = sum(info.file_size for info in members)
        if total > most_bytes:
            raise RelampError(f"{self.path}: {_too_large(total, most_bytes)}")

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def place(self, name: str) -> str:
        """Return the zip file's path and the member's base name."""
        return f"{self.path}/{name}"

    def open(self, name: str) -> BinaryIO:
        """Open a member for reading; its checksum is verified at its end.

        Raises RelampError if there is no such member or more than one, and, while it is read, if it is damaged or
        unpacks to more than it declares.
        """
        found = self._members.get(name, [])
        if len(found) != 1:
            names = listed(sorted(self._members)) or "nothing"
            state = f"{len(found)} members of that name" if found else f"no such member, only {names}"
            raise RelampError(f"{self.place(name)}: the archive has {state}; fetch it again")
        return self._stream(found[0], self.place(name))

    def unpack(self, folder: Path) -> None:
        """Write all members below a folder, by their whole paths; raises RelampError as `open` does."""
        for info in (each for members in self._members.values() for each in members):
            with self._stream(info, f"{self.path}/{info.filename}") as stream:
                content = stream.read()
            with whole(folder.joinpath(*_parts(info.filename))) as beside:
                beside.write_bytes(content)

    def _stream(self, info: zipfile.ZipInfo, place: str) -> BinaryIO:
        try:
            # The member keeps the underlying file open by itself once the ZipFile object is closed.
            with zipfile.ZipFile(self.path) as file:
                member = file.open(info)
        except DAMAGE as error:
            raise _damaged(place, error) from error
        assert isinstance(member, zipfile.ZipExtFile)  # which the type stubs hide
        return limited(member.read1, info.file_size, place, member.close)


Files = Folder | Archive


def files_of(path: Path | str, most_bytes: int) -> Files:
    """Return the files of a folder, or the members of a zip file that unpacks to at most `most_bytes` bytes."""
    return Folder(path) if Path(path).is_dir() else Archive(path, most_bytes)


class _Limited(io.RawIOBase):
    """A stream that counts what it gives and turns damage into RelampError."""

    def __init__(
        self, read: Callable[[int], bytes], most: int, place: str, close: Callable[[], None], advice: str
    ) -> None:
        self._read, self._left, self._most, self._place, self._close = read, most, most, place, close
        self._advice = advice

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        filled = 0
        try:
            while self._left >= 0 and filled < len(buffer) and (piece := self._read(min(_STEP, len(buffer) - filled))):
                buffer[filled : filled + len(piece)] = piece
                filled += len(piece)
                self._left -= len(piece)
        except DAMAGE as error:
            raise _damaged(self._place, error, self._advice) from error
        if self._left < 0:
            raise RelampError(f"{self._place}: {_too_large(self._most - self._left, self._most, self._advice)}")
        return filled

    def close(self) -> None:
        if not self.closed:
            self._close()
        super().close()


def limited(
    read: Callable[[int], bytes],
    most_bytes: int,
    place: str,
    close: Callable[[], None],
    advice: str = "fetch it again",
) -> BinaryIO:
    """Return a buffered stream over a decompressor's `read` that refuses to give more than `most_bytes`.

    Raises RelampError, while it is read, if there is more or if the decompressor finds damage; `place` is what
    messages call the file, `advice` what they end with.
    """
    return io.BufferedReader(_Limited(read, most_bytes, place, close, advice), _BUFFER)


def first_bytes(path: Path, wanted: str) -> bytes:
    """Return the first 512 bytes of a raw file.

    Raises RelampError if it is missing, empty, cannot be read, or is an HTML page and not what is `wanted` ("table").
    """
    with _opened(path, "fetch it, or name a mirror that has it") as file:
        head = file.read(512)
    if not head or looks_like_html(head):
        fault = f"is an HTML page and no {wanted} (the server sent an error page)" if head else "is empty"
        raise RelampError(f"{path}: {fault}; delete it and fetch it again")
    return head


def _opened(path: Path, missing: str) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise RelampError(f"{path}: is not there; {missing}") from error
    except OSError as error:
        raise RelampError(f"{path}: cannot be read ({error.strerror}); fix its rights") from error


def looks_like_html(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a web page, as servers send in place of a missing file."""
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:9].lower()
    return begins.startswith((b"<!doctype", b"<html", b"<head", b"<?xml"))


def check_member(path: Path, name: str, odd: str) -> None:
    """Refuse a member whose path leads outside the archive, or that is `odd` ("is a link"; empty if it is not).

    Nothing is unpacked, but an honest archive has neither.
    """
    parts = _parts(name)
    outside = name.startswith(("/", "\\")) or ".." in parts or parts[0].endswith(":")
    if fault := "has a path that leads outside the archive" if outside else odd:
        raise RelampError(
            f"{path}: the member {shortened(repr(name), 100)} {fault}; do not use this file, fetch it again"
        )


def _parts(name: str) -> list[str]:
    """Split a member's path at either kind of slash, one or several; never empty."""
    return [part for part in name.replace("\\", "/").split("/") if part] or [""]


def _too_large(found: int, most: int, advice: str = "fetch it again") -> str:
    """Refuse what may be a decompression bomb."""
    expected = f"{found:,} bytes or more, but at most {most:,} are expected"
    return f"unpacks to {expected}; do not use this file, {advice}"


def _damaged(place: str, error: BaseException, advice: str = "fetch it again") -> RelampError:
    """Name what a decompressor found."""
    return RelampError(f"{place}: is cut off or damaged ({reason(error)}); {advice}")
