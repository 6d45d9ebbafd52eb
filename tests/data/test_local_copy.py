import logging
import os
from pathlib import Path

import pytest

from model_graphs import random_graphs
from relamp.data.local_copy import local_copy
from relamp.data.packed import PackedGraphs


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "shared" / "A.safetensors"
    random_graphs(0, count=4).save(path)
    return path


def test_without_the_switch_a_file_is_read_where_it_lies(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RELAMP_SCRATCH", raising=False)
    assert local_copy(packed) == packed


def test_a_copy_is_made_once_and_again_when_the_file_has_changed(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRATCH_OF_THE_JOB", str(tmp_path / "disk"))
    monkeypatch.setenv("RELAMP_SCRATCH", "$SCRATCH_OF_THE_JOB")
    copy = local_copy(packed)
    assert copy.is_relative_to(tmp_path / "disk")
    assert copy.read_bytes() == packed.read_bytes()
    assert PackedGraphs.load(copy).name == PackedGraphs.load(packed).name
    made = copy.stat().st_mtime_ns
    assert local_copy(packed) == copy
    assert copy.stat().st_mtime_ns == made
    random_graphs(1, count=5).save(packed)
    os.utime(packed, ns=(1, 1))
    other = local_copy(packed)
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
        assert local_copy(packed) == packed
    assert "is read where it lies" in caplog.text
