"""The members of a gzipped tar file as byte streams, read in the file's order; nothing is written to disk."""

import gzip
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from relamp.data.archive import DAMAGE, first_bytes, limited
from relamp.errors import RelampError


def tar_members(path: Path | str, most_bytes: int) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the base name and the content of each file of a .tar.gz, whatever folders it lies in.

    A stream is good only until the next one is asked for. Once all are read, gzip's checksum has been verified.

    Raises RelampError if the file is missing, damaged or an HTML page; if it unpacks to more than `most_bytes`, its
    headers included; or if a member is a link, a device or has a path that leads outside.
    """
    path = Path(path)
    first_bytes(path, "tar file")
    with gzip.open(path) as unzipped:
        stream = limited(unzipped.read1, most_bytes, str(path), unzipped.close)
        try:
            # As a stream: tarfile never seeks, so a later header cannot send it back.
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    _check(member, path)
                    content = tar.extractfile(member) if member.isreg() else None
                    if content is not None:
                        yield PurePosixPath(member.name).name, content  # type: ignore[misc]
            while stream.read(2**16):
                pass  # the checksum is at the very end
        except (tarfile.TarError, *DAMAGE) as error:
            raise RelampError(f"{path}: is no sound tar file ({error}); delete it and fetch it again") from error


def _check(member: tarfile.TarInfo, path: Path) -> None:
    """Refuse what an honest data set does not have, though nothing is unpacked."""
    parts = member.name.replace("\\", "/").split("/")
    if member.name.startswith(("/", "\\")) or ".." in parts or parts[0].endswith(":"):
        fault = "has a path that leads outside the archive"
    elif not (member.isreg() or member.isdir()) or member.issparse():
        fault = "is a link, a device or a file with holes"
    else:
        return
    raise RelampError(f"{path}: the member {member.name!r} {fault}; do not use this file, fetch it again")
