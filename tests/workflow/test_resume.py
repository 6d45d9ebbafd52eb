"""What slurm/resume.sh does before it runs anything, with commands that only tell how they were called."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOG = "SNAKEMAKE\n  Host: {host}\n  User: me\nSLURM run ID: {run}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project's folder, and commands beside it: squeue knows jobs until scancel was called."""
    folder, commands = tmp_path / "project", tmp_path / "bin"
    (folder / "slurm").mkdir(parents=True)
    commands.mkdir()
    shutil.copy(ROOT / "slurm" / "resume.sh", folder / "slurm")
    for name, text in (
        ("snakemake", 'echo "snakemake $*"'),
        ("scancel", f'echo "scancel $*"; touch {tmp_path}/cancelled'),
        ("squeue", f'[ -e {tmp_path}/cancelled ] || case "$*" in *live*) echo 7 RUNNING rule_x ;; esac'),
    ):
        (commands / name).write_text(f"#!/bin/sh\n{text}\n")
        (commands / name).chmod(0o755)
    return folder


def controller(folder: Path, run: str, host: str = os.uname().nodename) -> None:
    """Leave the log of a controller, and its lock."""
    for name in ("log", "locks"):
        (folder / ".snakemake" / name).mkdir(parents=True, exist_ok=True)
    (folder / ".snakemake" / "log" / f"{run}.snakemake.log").write_text(LOG.format(host=host, run=run))
    (folder / ".snakemake" / "locks" / "0.input.lock").touch()


def resume(folder: Path, *words: str) -> tuple[int, str]:
    env = {**os.environ, "PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        [folder / "slurm" / "resume.sh", *words], env=env, capture_output=True, text=True, check=False, timeout=30
    )
    return done.returncode, done.stdout + done.stderr


AGAIN = "snakemake --unlock\nsnakemake --profile slurm all\n"


def test_where_nothing_was_run_it_runs(folder: Path) -> None:
    assert resume(folder, "all") == (0, AGAIN)


def test_jobs_of_every_earlier_controller_are_cancelled_first(folder: Path) -> None:
    controller(folder, "2026-done")
    controller(folder, "2026-live")
    code, said = resume(folder, "all")
    assert code == 0
    assert said == f"cancelled, of run 2026-live:\n7 RUNNING rule_x\nscancel --name 2026-live\n{AGAIN}"


def test_beside_a_controller_at_work_it_is_refused_also_through_a_link(folder: Path, tmp_path: Path) -> None:
    controller(folder, "2026-live")
    link = tmp_path / "link"
    link.symlink_to(folder)
    (folder / "bin").mkdir()
    at_work = folder / "bin" / "snakemake"
    at_work.write_text("import time; time.sleep(60)")
    with subprocess.Popen([sys.executable, at_work], cwd=folder) as process:
        try:
            for path in (folder, link):
                code, said = resume(path, "all")
                assert (code, f"still runs in this folder (pid {process.pid})" in said) == (1, True)
        finally:
            process.kill()
    assert not (tmp_path / "cancelled").exists()


def test_the_snakemake_of_a_cancelled_job_ends_before_the_folder_is_unlocked(folder: Path) -> None:
    (folder / "bin").mkdir()
    in_job = folder / "bin" / "snakemake"
    in_job.write_text("import time; time.sleep(3)")
    with subprocess.Popen([sys.executable, in_job, "--target-jobs", "train"], cwd=folder) as process:
        assert resume(folder, "all") == (0, AGAIN)
        assert process.poll() == 0


def test_a_controller_on_another_login_node_has_to_be_said_to_be_gone(folder: Path, tmp_path: Path) -> None:
    controller(folder, "2026-live", host="login2")
    code, said = resume(folder, "all", "--config", "preset=paper")
    assert code == 1
    assert "started on login2" in said
    assert said.endswith("slurm/resume.sh --gone all --config preset=paper\n")
    assert not (tmp_path / "cancelled").exists()
    code, said = resume(folder, "--gone", "all")
    assert (code, said.endswith(AGAIN), (tmp_path / "cancelled").exists()) == (0, True, True)


def test_a_run_that_ended_well_elsewhere_is_no_hindrance(folder: Path) -> None:
    controller(folder, "2026-done", host="login2")
    (folder / ".snakemake" / "locks" / "0.input.lock").unlink()
    assert resume(folder, "all") == (0, AGAIN)
