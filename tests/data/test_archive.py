"""Zip and tar files: damage never passes for content, no path leads outside, and nothing unpacks without end."""

import gzip
import io
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archives import make_tar, make_zip
from relamp.data.archive import Archive, Folder, limited
from relamp.data.tar import tar_members
from relamp.errors import RelampError

TEXT = b"".join(b"%d, %d\n" % (i, i * i % 97) for i in range(3000))
CONTENT = {"a": TEXT, "b": b"2"}


def read_zip(path: Path, most_bytes: int = 10**6) -> dict[str, bytes]:
    archive = Archive(path, most_bytes)
    found = {}
    for name in archive:
        with archive.open(name) as stream:
            found[name] = stream.read()
    return found


def read_tar(path: Path, most_bytes: int = 10**6) -> dict[str, bytes]:
    return {name: stream.read() for name, stream in tar_members(path, most_bytes)}


Make, Read = Callable[[Path, Mapping[str, bytes]], object], Callable[[Path], dict[str, bytes]]
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
    make_tar(path, {"T/": b"", "T/b": TEXT, "T/deep/a": b"1", "./c": b""})
    assert list(read_tar(path).items()) == [("b", TEXT), ("a", b"1"), ("c", b"")]
    # A stream need not be read.
    assert [name for name, _ in tar_members(path, 10**6)] == ["b", "a", "c"]
    assert [stream.read(3) for _, stream in tar_members(path, 10**6)] == [TEXT[:3], b"1", b""]


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


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_member_is_found_by_its_base_name_whatever_its_folders(tmp_path: Path, compression: int) -> None:
    path = make_zip(tmp_path / "t.zip", {"T//T_A.txt": TEXT, "T//deep/er/T_b.txt": b"b", "plain": b"c"}, compression)
    archive = Archive(path, 10**6)
    assert ("T_A.txt" in archive, "T" in archive, "T_c.txt" in archive) == (True, False, False)
    assert read_zip(path) == {"T_A.txt": TEXT, "T_b.txt": b"b", "plain": b"c"}
    assert archive.place("T_b.txt") == f"{path}/T_b.txt"


def test_a_link_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("T_A.txt")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as file:
        file.writestr(info, "/etc/passwd")
    with pytest.raises(RelampError, match=r"the member 'T_A\.txt' is a link"):
        Archive(tmp_path / "t.zip", 100)


def test_a_missing_or_ambiguous_member_is_named(tmp_path: Path) -> None:
    archive = Archive(make_zip(tmp_path / "t.zip", {"a/x": b"1", "b/x": b"2", "y": b"3"}), 100)
    with pytest.raises(RelampError, match=r"t\.zip/z: the archive has no such member, only x, y"):
        archive.open("z")
    with pytest.raises(RelampError, match=r"t\.zip/x: the archive has 2 members of that name"):
        archive.open("x")


def test_names_of_members_are_printed_safely_and_not_all_of_them(tmp_path: Path) -> None:
    names = [f"{number}\x1b[31m" + "x" * 100 for number in range(1000)]
    with pytest.raises(RelampError) as caught:
        Archive(make_zip(tmp_path / "t.zip", dict.fromkeys(names, b"")), 100).open("z")
    assert str(caught.value).endswith("... (108 characters) and 992 more; fetch it again")
    assert "only 0\\x1b[31mxxx" in str(caught.value)
    assert len(str(caught.value)) < 1000
    with pytest.raises(RelampError, match=r"the member '\.\./\\x1bx+\.\.\. \([\d,]+ characters\) has a path"):
        Archive(make_zip(tmp_path / "t.zip", {"../\x1b" + "x" * 1000: b""}), 100)


def test_all_members_together_may_not_be_larger_than_expected(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "t.zip", {"a": bytes(600), "b": bytes(600)})
    assert read_zip(path, 1200) == {"a": bytes(600), "b": bytes(600)}
    with pytest.raises(RelampError, match=r"unpacks to 1,200 bytes or more, but at most 1,199 are expected"):
        Archive(path, 1199)


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_bomb_that_lies_about_its_size_is_refused_in_little_memory(tmp_path: Path, compression: int) -> None:
    size = 160 * 2**20  # the step alone unpacks to 30 MB of zeros, and joining them doubles it
    data = make_zip(tmp_path / "t.zip", {"a": bytes(size)}, compression).read_bytes()
    lie = data.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lie != data
    (tmp_path / "t.zip").write_bytes(lie)
    tracemalloc.start()
    with pytest.raises(RelampError, match=r"t\.zip/a: is cut off or damaged \(Bad CRC-32"):
        read_zip(tmp_path / "t.zip")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < size / 2


def test_a_stream_gives_no_more_than_its_limit_and_stops_early() -> None:
    asked = []

    def endless(count: int) -> bytes:
        asked.append(count)
        return bytes(count)

    stream = limited(endless, 10_000, "x.gz", lambda: None)
    with pytest.raises(RelampError, match=r"x\.gz: unpacks to [\d,]+ bytes or more, but at most 10,000 are expected"):
        stream.read(10**7)
    assert sum(asked) < 2 * 10_000
    closed = []
    with limited(io.BytesIO(TEXT).read, len(TEXT), "x", lambda: closed.append(1)) as fine:
        assert fine.read() == TEXT
    assert closed == [1]


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    data = bytearray(make_zip(tmp_path / "t.zip", {"a": b"1"}, zipfile.ZIP_STORED).read_bytes())
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flag] |= 1
    (tmp_path / "t.zip").write_bytes(data)
    with pytest.raises(RelampError, match="encrypted"):
        read_zip(tmp_path / "t.zip")


def test_a_folder_where_a_file_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    with pytest.raises(RelampError, match=r"/c: cannot be read"):
        Folder(tmp_path).open("c")
