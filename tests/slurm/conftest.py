"""These tests need the cluster of up.sh; `make test-slurm` starts it, runs them and ends it."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from slurm_cluster import SNAKEMAKE, TARGET, copy_project, made, run, squeue


@pytest.fixture(scope="session", autouse=True)
def _cluster_is_up() -> None:
    if shutil.which("sinfo") is None or subprocess.run(["sinfo"], capture_output=True, check=False).returncode:
        pytest.fail("there is no cluster; start one with tests/slurm/up.sh, or run `make test-slurm`")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A copy of the project with packed data, made once for all processes of the test run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "template"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            copy_project(folder)
            run(folder, *SNAKEMAKE, "--cores", "1", "--", "results/quick/data/MUTAG.safetensors")
    return folder


@pytest.fixture(scope="session")
def undisturbed(template: Path) -> dict[str, Any]:
    """What the trainings write when nothing happens to them, on this machine without SLURM."""
    folder = template.with_name("undisturbed")
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            shutil.copytree(template, folder)
            run(folder, *SNAKEMAKE, "--cores", "1", "--", TARGET)
    return made(folder)


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Iterator[Path]:
    """A fresh copy with packed data; jobs that a test leaves behind are cancelled."""
    shutil.copytree(template, tmp_path / "project")
    yield tmp_path / "project"
    for log in (tmp_path / "project/.snakemake/log").glob("*.log"):
        for line in log.read_text().splitlines():
            if line.startswith("SLURM run ID: "):
                name = line.removeprefix("SLURM run ID: ")
                subprocess.run(["scancel", "--quiet", "--name", name], check=False)
                while squeue("--name", name):
                    time.sleep(0.5)
