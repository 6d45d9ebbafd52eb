"""Compressed tar files as named byte streams, trusted no further than the size they may unpack to."""

import gzip
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from relamp.data.archive import DAMAGE, check_member, first_bytes, limited
from relamp.errors import RelampError, reason


def tar_files(path: Path | str, most_bytes: int) -> Iterator[tuple[PurePosixPath, BinaryIO]]:
    """Yield the path in the archive and the content of each file of a .tar.gz; nothing is unpacked.

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
                    odd = not (member.isreg() or member.isdir()) or member.issparse()
                    check_member(path, member.name, "is a link, a device or a file with holes" if odd else "")
                    content = tar.extractfile(member) if member.isreg() else None
                    if content is not None:
                        yield PurePosixPath(member.name), content  # type: ignore[misc]
            while stream.read(2**16):
                pass  # the checksum is at the very end
        except (tarfile.TarError, *DAMAGE) as error:
            raise RelampError(
                f"{path}: is no sound tar file ({reason(error)}); delete it and fetch it again"
            ) from error


def tar_members(path: Path | str, most_bytes: int) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the base name and the content of each file of a .tar.gz, whatever folders it lies in, as `tar_files` do."""
    return ((member.name, stream) for member, stream in tar_files(path, most_bytes))
