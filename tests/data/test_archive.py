import io
import stat
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from relamp.data.archive import Archive, Folder, limited, looks_like_html
from relamp.errors import RelampError

TEXT = b"".join(b"%d, %d\n" % (i, i * i % 97) for i in range(3000))


def make(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def read(path: Path, name: str, most_bytes: int = 10**6) -> bytes:
    with Archive(path, most_bytes).open(name) as stream:
        return stream.read()


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_member_is_found_by_its_base_name_whatever_its_folders(tmp_path: Path, compression: int) -> None:
    path = make(tmp_path / "t.zip", {"T//T_A.txt": TEXT, "T//deep/er/T_b.txt": b"b", "plain": b"c"}, compression)
    archive = Archive(path, 10**6)
    assert sorted(archive) == ["T_A.txt", "T_b.txt", "plain"]
    assert ("T_A.txt" in archive, "T" in archive, "T_c.txt" in archive) == (True, False, False)
    assert [read(path, name) for name in ("T_A.txt", "T_b.txt", "plain")] == [TEXT, b"b", b"c"]
    assert archive.place("T_b.txt") == f"{path}/T_b.txt"


def test_lines_stream_from_a_member(tmp_path: Path) -> None:
    path = make(tmp_path / "t.zip", {"a": TEXT})
    with Archive(path, 10**6).open("a") as stream:
        assert list(io.TextIOWrapper(stream, encoding="ascii")) == TEXT.decode().splitlines(keepends=True)


def test_a_link_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("T_A.txt")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as file:
        file.writestr(info, "/etc/passwd")
    with pytest.raises(RelampError, match=r"the member 'T_A\.txt' is a link"):
        Archive(tmp_path / "t.zip", 100)


def test_a_missing_or_ambiguous_member_is_named(tmp_path: Path) -> None:
    archive = Archive(make(tmp_path / "t.zip", {"a/x": b"1", "b/x": b"2", "y": b"3"}), 100)
    with pytest.raises(RelampError, match=r"t\.zip/z: the archive has no such member, only x, y"):
        archive.open("z")
    with pytest.raises(RelampError, match=r"t\.zip/x: the archive has 2 members of that name"):
        archive.open("x")


def test_all_members_together_may_not_be_larger_than_expected(tmp_path: Path) -> None:
    path = make(tmp_path / "t.zip", {"a": bytes(600), "b": bytes(600)})
    assert read(path, "a", 1200) == bytes(600)
    with pytest.raises(RelampError, match=r"unpacks to 1,200 bytes or more, but at most 1,199 are expected"):
        Archive(path, 1199)


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_a_bomb_that_lies_about_its_size_is_refused_in_little_memory(tmp_path: Path, compression: int) -> None:
    size = 160 * 2**20  # the step alone unpacks to 30 MB of zeros, and joining them doubles it
    data = make(tmp_path / "t.zip", {"a": bytes(size)}, compression).read_bytes()
    lie = data.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lie != data
    (tmp_path / "t.zip").write_bytes(lie)
    tracemalloc.start()
    with pytest.raises(RelampError, match=r"t\.zip/a: is cut off or damaged \(Bad CRC-32"):
        read(tmp_path / "t.zip", "a")
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
    data = bytearray(make(tmp_path / "t.zip", {"a": b"1"}, zipfile.ZIP_STORED).read_bytes())
    for mark, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flag] |= 1
    (tmp_path / "t.zip").write_bytes(data)
    with pytest.raises(RelampError, match="encrypted"):
        read(tmp_path / "t.zip", "a")


def test_a_folder_reads_like_an_archive(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    folder = Folder(tmp_path)
    with folder.open("a") as stream:
        assert stream.read() == TEXT
    assert ("a" in folder, "b" in folder) == (True, False)
    with pytest.raises(RelampError, match=r"/b: is not there; unpack the whole data set into"):
        folder.open("b")
    (tmp_path / "c").mkdir()
    with pytest.raises(RelampError, match=r"/c: cannot be read"):
        folder.open("c")


def test_html_is_known_by_its_first_bytes() -> None:
    assert [looks_like_html(head) for head in (b" \r\n<!doctype HTML>", b"<HTML lang=en>", b"smiles,p_np", b"<1")] == [
        True,
        True,
        False,
        False,
    ]
