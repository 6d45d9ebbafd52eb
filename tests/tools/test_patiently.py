import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from relamp.tools.patiently import run, size_of


def test_it_says_how_far_a_silent_command_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wheel").write_bytes(b"0" * 3_000_000)
    script = "import time; print('Downloading torch (190 MB)', flush=True); time.sleep(1.5)"
    assert run("install", tmp_path, [sys.executable, "-c", script], every=0.6) == 0
    first, *middle, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"install: {sys.executable} -c import time")
    assert re.fullmatch(rf"install: \d s, 3 MB in {tmp_path}; Downloading torch \(190 MB\)", middle[-1])
    assert re.fullmatch(rf"install: done, \d s, 3 MB in {tmp_path}", last)
    assert "Downloading" in (tmp_path / "install.log").read_text()


def test_what_a_failing_command_said_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = "import sys; print('Collecting x'); sys.exit('ERROR: No matching distribution found for x==9')"
    assert run("install", tmp_path, [sys.executable, "-c", script]) == 1
    said = capsys.readouterr().err
    assert "ERROR: No matching distribution found for x==9\n" in said
    assert f"install: failed with exit status 1 (see {tmp_path}/install.log)" in said


def test_it_needs_nothing_but_python(tmp_path: Path) -> None:
    words = [sys.executable, "-S", "-m", "relamp.tools.patiently", "install", str(tmp_path), "true"]
    done = subprocess.run(words, cwd=Path(__file__).parents[2] / "src", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_ends_both_without_a_traceback(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "relamp.tools.patiently", "install", str(tmp_path), "sleep", "60"]
    with subprocess.Popen(words, text=True, stdout=-1, stderr=subprocess.STDOUT, start_new_session=True) as process:
        assert process.stdout
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in said


def test_sizes_of_all_files_count(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"123")
    (tmp_path / "c").write_bytes(b"4567")
    (tmp_path / "link").symlink_to("c")
    assert size_of(tmp_path) == 3 + 4 + len("c")
