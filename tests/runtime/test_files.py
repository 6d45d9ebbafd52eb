import errno
import hashlib
import json
import os
import platform
import signal
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError

from relamp.errors import RelampError
from relamp.runtime.files import sha256, whole, write_csv, write_json, write_text, write_zip


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_no_file_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, "."):
        with pytest.raises(RelampError, match="is a folder; name a file"), whole(folder):
            pass


def test_the_file_appears_only_at_the_end_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.csv"
    with whole(path) as beside:
        assert beside.parent == path.parent
        assert beside.suffix == ".csv"
        beside.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    assert listed(path.parent) == ["b.csv"]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that is there already, alone in its folder."""
    path = tmp_path / "a.txt"
    path.write_text("old")
    return path


NOT_WRITTEN = r"a\.txt: could not be written"


@pytest.mark.parametrize(
    ("error", "told", "reason"),
    [
        (KeyError("x"), KeyError, "x"),
        (SafetensorError("I/O error: no space"), RelampError, rf"{NOT_WRITTEN} \(I/O error: no space\)"),
        (None, RelampError, rf"{NOT_WRITTEN} \(No such file or directory\)"),
    ],
)
def test_a_block_that_fails_or_writes_nothing_leaves_the_old_file_and_nothing_else(
    error: Exception | None, told: type[Exception], reason: str, old: Path
) -> None:
    def write() -> None:
        with whole(old) as beside:
            if error:
                beside.write_text("half")
                raise error

    with pytest.raises(told, match=reason):
        write()
    assert old.read_text() == "old"
    assert listed(old.parent) == ["a.txt"]


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_full_disk_is_told_and_leaves_the_old_file(step: str, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    owner, name = {"open": (Path, "write_text"), "fsync": (os, "fsync"), "replace": (Path, "replace")}[step]
    monkeypatch.setattr(owner, name, full)
    with pytest.raises(RelampError, match=rf"{NOT_WRITTEN} \(No space left on device\); free some space"):
        write_text(old, "new")
    monkeypatch.undo()
    assert old.read_text() == "old"
    assert listed(old.parent) == ["a.txt"]


def test_a_kill_in_the_middle_leaves_the_old_file(old: Path) -> None:
    script = f"""
        import os, signal
        from relamp.runtime.files import whole
        with whole({str(old)!r}) as beside:
            beside.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert old.read_text() == "old"
    # What it has left is removed by the next write to the same place, also one that fails.
    (left,) = set(listed(old.parent)) - {"a.txt"}
    write_text(old.parent / "b.txt", "another place")
    assert left in listed(old.parent)
    write_text(old, "new")
    assert listed(old.parent) == ["a.txt", "b.txt"]


def test_leftovers_of_the_living_and_of_other_machines_stay(old: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    kept = [f".a.{os.getppid()}.part.txt", f".a.{dead.pid}@elsewhere.part.txt", ".a.notes.part.txt", ".ab.1.part.txt"]
    for name in [
        *kept,
        f".a.{dead.pid}.part.txt",
        f".a.{dead.pid}@{platform.node()}.part.txt",
        f".a.{'9' * 30}.part.txt",
    ]:
        (old.parent / name).touch()
    write_text(old, "new")
    assert listed(old.parent) == sorted([*kept, "a.txt"])


def test_json_is_sorted_readable_and_ends_its_last_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"b": 1, "a": "é"})
    assert path.read_text(encoding="utf-8") == '{\n  "a": "é",\n  "b": 1\n}\n'
    write_json(path, {"a": "é", "b": 1})
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": "é", "b": 1}


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_csv_keeps_every_digit(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    path = tmp_path_factory.getbasetemp() / "digits.csv"
    write_csv(path, pd.DataFrame({"value": values}))
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    assert header == "value"
    assert [float(line) for line in lines] == values


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    path.write_bytes(bytes(range(256)) * 5000)
    assert sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_file_gets_the_rights_that_the_umask_leaves(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        with whole(tmp_path / "a.txt") as beside:
            beside.write_text("for others")
            beside.chmod(0o600)  # as safetensors does
    finally:
        assert os.umask(before) == mask  # and it is as it was
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o666 & ~mask


@pytest.mark.parametrize("room", ["relamp.runtime", "relamp.settings"])
def test_rooms_that_no_result_depends_on_import_nothing_heavy_and_leave_the_umask(room: str) -> None:
    script = f"""
        import importlib, os, pkgutil, sys
        os.umask = lambda _: sys.exit("umask")
        for module in pkgutil.iter_modules(importlib.import_module({room!r}).__path__, "{room}."):
            importlib.import_module(module.name)
        sys.exit(", ".join({{"numpy", "pandas", "scipy", "torch"}} & set(sys.modules)) or None)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_zip_file_of_what_does_not_shrink_is_stored_as_it_is(tmp_path: Path) -> None:
    for name, compressed in (("a.zip", True), ("b.zip", False)):
        write_zip(tmp_path / name, [("zeros", bytes(9999))], compressed=compressed)
        with zipfile.ZipFile(tmp_path / name) as archive:
            assert archive.read("zeros") == bytes(9999)
    assert (tmp_path / "a.zip").stat().st_size < 1000 < 9999 < (tmp_path / "b.zip").stat().st_size
