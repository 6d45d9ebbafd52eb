import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from relamp.errors import RelampError
from relamp.runtime.controller import VARIABLE, announce, follow

# A controller starts a job through a shell, which waits for it, and tells its number.
CONTROLLER = """
    import subprocess, sys
    from relamp.runtime.controller import announce
    announce()
    shell = subprocess.Popen(["bash", "-c", f"'{sys.executable}' job.py; true"])
    print(shell.pid, flush=True)
    shell.wait()
"""
# The job makes a file by and by; the state it may leave behind, the result only if somebody waits for it.
JOB = """
    import os, sys, time
    from pathlib import Path
    from relamp.errors import RelampError
    from relamp.runtime.controller import follow
    from relamp.runtime.files import whole, write_text
    follow(lambda: Path("told").touch())
    write_text("pid", str(os.getpid()))
    while not Path("go").exists():
        time.sleep(0.05)
    with whole("state", orphan=True) as beside:
        beside.write_text("state")
    try:
        write_text("result", "of an orphan")
    except RelampError as error:
        write = Path("refused").write_text(str(error))
"""


def appears(path: Path) -> str:
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.02)
    return path.read_text()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux says who started whom")
@pytest.mark.parametrize("killed", ["controller", "shell"])
@pytest.mark.parametrize("stopped", [False, True])
def test_an_orphan_is_told_and_writes_no_result(tmp_path: Path, killed: str, stopped: bool) -> None:
    (tmp_path / "job.py").write_text(textwrap.dedent(JOB))
    words = [sys.executable, "-c", textwrap.dedent(CONTROLLER)]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as controller:
        assert controller.stdout
        shell = int(controller.stdout.readline())
        job = int(appears(tmp_path / "pid"))
        try:
            assert not (tmp_path / "told").exists()
            if stopped:  # as by Ctrl-Z; it goes on when all is over, in the middle of what it was doing
                os.kill(job, signal.SIGSTOP)
            os.kill(controller.pid if killed == "controller" else shell, signal.SIGKILL)
            if stopped:
                (tmp_path / "go").touch()
                os.kill(job, signal.SIGCONT)
            else:
                appears(tmp_path / "told")
                (tmp_path / "go").touch()
            assert "result: not written: the Snakemake that started this job has ended" in appears(tmp_path / "refused")
            assert appears(tmp_path / "state") == "state"
            assert not (tmp_path / "result").exists()
        finally:
            controller.kill()
            (tmp_path / "go").touch()


def test_without_a_controller_nothing_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    follow(lambda: pytest.fail("told"))


def test_a_job_whose_controller_ended_before_it_began_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    announce()
    number, space = os.environ[VARIABLE].split(" ")
    assert number == str(os.getpid())
    follow(lambda: pytest.fail("told"))  # it is the controller itself
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    monkeypatch.setenv(VARIABLE, f"{ended.pid} {space}")
    with pytest.raises(RelampError, match="has ended; run the same command again"):
        follow(lambda: None)
