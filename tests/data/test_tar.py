import gzip
import io
import tarfile
from pathlib import Path

import pytest

from relamp.data.cifar import tar_members
from relamp.errors import RelampError

TEXT = bytes(range(256)) * 40


def make(path: Path, members: dict[str, bytes | None], **special: bytes) -> Path:
    """Write a .tar.gz; None makes a folder, `special` members of a type of tar's own."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.type, info.size = (tarfile.DIRTYPE, 0) if content is None else (tarfile.REGTYPE, len(content))
            tar.addfile(info, io.BytesIO(content or b""))
        for name, kind in special.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "a"
            tar.addfile(info)
    return path


def read(path: Path, most_bytes: int = 10**6) -> dict[str, bytes]:
    return {name: stream.read() for name, stream in tar_members(path, most_bytes)}


def test_files_come_by_their_base_names_in_their_order(tmp_path: Path) -> None:
    path = make(tmp_path / "t.tar.gz", {"T": None, "T/b": TEXT, "T/deep/a": b"1", "./c": b""})
    assert read(path) == {"b": TEXT, "a": b"1", "c": b""}
    assert list(read(path)) == ["b", "a", "c"]


def test_a_stream_need_not_be_read(tmp_path: Path) -> None:
    path = make(tmp_path / "t.tar.gz", {"a": TEXT, "b": b"2"})
    assert [name for name, _ in tar_members(path, 10**6)] == ["a", "b"]
    assert {name: stream.read(3) for name, stream in tar_members(path, 10**6)} == {"a": TEXT[:3], "b": b"2"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    with pytest.raises(RelampError, match=r"the member 'link' is a link, a device"):
        read(make(tmp_path / "t.tar.gz", {"a": b"1"}, link=kind))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = make(tmp_path / "t.tar.gz", {"a": bytes(10**7)})
    assert path.stat().st_size < 10**5
    with pytest.raises(RelampError, match=r"but at most 1,000,000 are expected"):
        read(path)
    assert len(read(path, 10**7 + 20000)["a"]) == 10**7
    # Zeros after the archive's end count too.
    path.write_bytes(path.read_bytes() + gzip.compress(bytes(10**7), mtime=0))
    with pytest.raises(RelampError, match=r"but at most 10,020,000 are expected"):
        read(path, 10**7 + 20000)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><html>404</html>", "is an HTML page and no tar file"),
        (b"hello", "is cut off or damaged"),
        (b"", "is empty"),
        (gzip.compress(b"hello" * 500, mtime=0), "is no sound tar file"),
        (None, "is not there"),
    ],
)
def test_what_is_no_tar_file_is_told(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "t.tar.gz").write_bytes(content)
    with pytest.raises(RelampError, match=rf"t\.tar\.gz: {message}"):
        read(tmp_path / "t.tar.gz")
