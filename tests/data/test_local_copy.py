import logging
import os
from pathlib import Path

import pytest

from model_graphs import random_graphs
from relamp.data.local_copy import local_copy
from relamp.data.packed import PackedGraphs
from relamp.runtime.files import sha256


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "shared" / "A.safetensors"
    random_graphs(0, count=4).save(path)
    return path


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELAMP_SCRATCH", str(tmp_path / "disk"))
    return tmp_path / "disk"


def copied(packed: Path) -> Path:
    return local_copy(packed, sha256(packed))


def test_without_the_switch_a_file_is_read_where_it_lies(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAMP_SCRATCH", raising=False)
    assert copied(packed) == packed


def test_a_copy_is_made_once_and_again_when_the_file_has_changed(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRATCH_OF_THE_JOB", str(tmp_path / "disk"))
    monkeypatch.setenv("RELAMP_SCRATCH", "$SCRATCH_OF_THE_JOB")
    copy = copied(packed)
    assert copy.is_relative_to(tmp_path / "disk")
    assert copy.parent.stat().st_mode & 0o777 == 0o700
    assert copy.read_bytes() == packed.read_bytes()
    assert PackedGraphs.load(copy).name == PackedGraphs.load(packed).name
    made = copy.stat().st_mtime_ns
    assert copied(packed) == copy
    assert copy.stat().st_mtime_ns == made
    random_graphs(1, count=5).save(packed)
    os.utime(packed, ns=(1, 1))
    other = copied(packed)
    assert other != copy
    assert len(PackedGraphs.load(other)) == 5
    assert not [path for path in (tmp_path / "disk").rglob("*") if ".part" in path.name]


@pytest.mark.parametrize("folder", ["/dev/null/nowhere", "$NOT_SET_ANYWHERE/a"])
def test_where_there_is_no_room_the_file_itself_is_read(
    packed: Path, folder: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RELAMP_SCRATCH", folder)
    monkeypatch.delenv("NOT_SET_ANYWHERE", raising=False)
    with caplog.at_level(logging.WARNING):
        assert copied(packed) == packed
    assert "is read where it lies" in caplog.text


def test_a_copy_with_a_flipped_bit_or_a_link_in_its_place_is_made_again(
    packed: Path, disk: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy, content = copied(packed), packed.read_bytes()
    copy.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert copied(packed).read_bytes() == content
    assert f"{copy}: is not the file that was copied there" in caplog.text
    # A link is not followed, not even to a file that happens to be right.
    (other := tmp_path / "other").write_bytes(content)
    copy.unlink()
    copy.symlink_to(other)
    assert copied(packed) == copy
    assert not copy.is_symlink()
    assert copy.read_bytes() == other.read_bytes() == content


@pytest.mark.parametrize("kind", ["link", "writable by all", "no folder", "another's"])
def test_a_folder_that_others_may_have_filled_is_not_used(
    packed: Path, disk: Path, kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = disk / f"relamp-{os.getuid()}"
    disk.mkdir()
    if kind == "link":
        (tmp_path / "elsewhere").mkdir()
        own.symlink_to(tmp_path / "elsewhere")
    elif kind == "no folder":
        own.touch()
    else:
        own.mkdir()
    if kind == "writable by all":
        own.chmod(0o777)
    if kind == "another's":
        if os.getuid() != 0:
            pytest.skip("only root can give a folder to somebody else")
        os.chown(own, 65534, 65534)
    assert copied(packed) == packed
    assert "is read where it lies" in caplog.text
    assert not list((tmp_path / "elsewhere").glob("*"))
