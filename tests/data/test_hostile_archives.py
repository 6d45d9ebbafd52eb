"""What holds for zip and tar files alike: damage never passes for content, and no path leads outside."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.data.archive import Archive
from relamp.data.cifar import tar_members
from relamp.errors import RelampError

CONTENT = {"a": b"".join(b"%d, %d\n" % (i, i * i % 97) for i in range(3000)), "b": b"2"}


def make_zip(path: Path, members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)


def make_tar(path: Path, members: Mapping[str, bytes], **special: bytes) -> None:
    """Write a .tar.gz; names that end in a slash are folders, `special` are members of a type of tar's own."""
    kinds = {**{name: tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE for name in members}, **special}
    with tarfile.open(path, "w:gz") as tar:
        for name, kind in kinds.items():
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(members.get(name, b"")), "a"
            tar.addfile(info, io.BytesIO(members.get(name, b"")))


def read_zip(path: Path) -> dict[str, bytes]:
    archive = Archive(path, 10**6)
    found = {}
    for name in archive:
        with archive.open(name) as stream:
            found[name] = stream.read()
    return found


def read_tar(path: Path, most_bytes: int = 10**6) -> dict[str, bytes]:
    return {name: stream.read() for name, stream in tar_members(path, most_bytes)}


Make, Read = Callable[[Path, Mapping[str, bytes]], None], Callable[[Path], dict[str, bytes]]
KINDS: dict[str, tuple[Make, Read]] = {
    "zip": (make_zip, read_zip),
    "lzma": (lambda path, members: make_zip(path, members, zipfile.ZIP_LZMA), read_zip),
    "tar": (make_tar, read_tar),
}
every = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("sound") / "t"
    whole = {}
    for kind, (make, read) in KINDS.items():
        make(path, {f"T/{name}": data for name, data in CONTENT.items()})
        assert read(path) == CONTENT
        whole[kind] = path.read_bytes()
    return whole


@every
@given(share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=25, deadline=None)
def test_a_file_cut_anywhere_is_refused(
    tmp_path_factory: pytest.TempPathFactory, sound: dict[str, bytes], kind: str, share: float
) -> None:
    path = tmp_path_factory.mktemp("cut") / "t"
    path.write_bytes(sound[kind][: int(share * len(sound[kind]))])
    with pytest.raises(RelampError, match=r"/t: is (empty|no zip file|no sound tar file|.*cut off or damaged)"):
        KINDS[kind][1](path)


@every
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=80, deadline=None)
def test_a_flipped_bit_never_changes_the_content(
    tmp_path_factory: pytest.TempPathFactory, sound: dict[str, bytes], kind: str, share: float, bit: int
) -> None:
    data = bytearray(sound[kind])
    data[int(share * len(data))] ^= 1 << bit
    path = tmp_path_factory.mktemp("flip") / "t"
    path.write_bytes(data)
    try:
        content = KINDS[kind][1](path)
    except RelampError as error:
        assert str(path) in str(error)  # noqa: PT017 - most flips raise, but not all
        return
    assert all(CONTENT.get(name, data) == data for name, data in content.items())


@every
@pytest.mark.parametrize(
    "name", ["../evil", "T/../../evil", "/etc/passwd", "\\\\server\\x", "..\\evil", "C:\\evil", "a/..", "T\\..\\a"]
)
def test_a_path_that_leads_outside_is_refused(tmp_path: Path, kind: str, name: str) -> None:
    make, read = KINDS[kind]
    make(tmp_path / "t", {"T_A.txt": b"1", name: b"2"})
    with pytest.raises(RelampError, match=r"/t: the member .* has a path that leads outside the archive"):
        read(tmp_path / "t")
    assert [entry.name for entry in tmp_path.iterdir()] == ["t"]


def test_files_come_by_their_base_names_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "t.tar.gz"
    make_tar(path, {"T/": b"", "T/b": CONTENT["a"], "T/deep/a": b"1", "./c": b""})
    assert list(read_tar(path).items()) == [("b", CONTENT["a"]), ("a", b"1"), ("c", b"")]
    # A stream need not be read.
    assert [name for name, _ in tar_members(path, 10**6)] == ["b", "a", "c"]
    assert [stream.read(3) for _, stream in tar_members(path, 10**6)] == [CONTENT["a"][:3], b"1", b""]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    make_tar(tmp_path / "t", {"a": b"1"}, link=kind)
    with pytest.raises(RelampError, match=r"the member 'link' is a link, a device"):
        read_tar(tmp_path / "t")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "t.tar.gz"
    make_tar(path, {"a": bytes(10**7)})
    assert path.stat().st_size < 10**5
    with pytest.raises(RelampError, match=r"but at most 1,000,000 are expected"):
        read_tar(path)
    assert len(read_tar(path, 10**7 + 20000)["a"]) == 10**7
    # Zeros after the archive's end count too.
    path.write_bytes(path.read_bytes() + gzip.compress(bytes(10**7), mtime=0))
    with pytest.raises(RelampError, match=r"but at most 10,020,000 are expected"):
        read_tar(path, 10**7 + 20000)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n <!DOCTYPE html><html>404</html>", "is an HTML page and no (zip|tar) file"),
        (b"<html><body>Not found</body></html>", "is an HTML page and no (zip|tar) file"),
        (b"hello", "is (no zip file|cut off or damaged)"),
        (gzip.compress(b"hello" * 500, mtime=0), "is no (zip|sound tar) file"),
        (None, "is not there"),
    ],
)
@pytest.mark.parametrize("read", [read_zip, read_tar])
def test_what_is_no_archive_is_called_by_its_name(
    tmp_path: Path, read: Callable[..., object], content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "t").write_bytes(content)
    with pytest.raises(RelampError, match=f"/t: {message}"):
        read(tmp_path / "t")
