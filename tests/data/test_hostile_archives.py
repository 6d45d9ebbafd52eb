"""What holds for zip and tar files alike: damage never passes for content, and no path leads outside."""

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


def make_tar(path: Path, members: Mapping[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def read_zip(path: Path) -> dict[str, bytes]:
    archive = Archive(path, 10**6)
    found = {}
    for name in archive:
        with archive.open(name) as stream:
            found[name] = stream.read()
    return found


def read_tar(path: Path) -> dict[str, bytes]:
    return {name: stream.read() for name, stream in tar_members(path, 10**6)}


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
