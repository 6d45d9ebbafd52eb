"""These tests need the cluster of up.sh; `make test-slurm` starts it, runs them and ends it."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from made_once import MadeOnce
from slurm_cluster import SNAKEMAKE, TARGET, copy_project, made, run, squeue


@pytest.fixture(scope="session", autouse=True)
def _cluster_is_up() -> None:
    if shutil.which("sinfo") is None or subprocess.run(["sinfo"], capture_output=True, check=False).returncode:
        pytest.fail("there is no cluster; start one with tests/slurm/up.sh, or run `make test-slurm`")


@pytest.fixture(scope="session")
def template(made_once: MadeOnce) -> Path:
    """A copy of the project with packed data."""

    def make(folder: Path) -> None:
        copy_project(folder)
        run(folder, *SNAKEMAKE, "--cores", "1", "--", "results/quick/data/MUTAG.safetensors")

    return made_once("template", make)


@pytest.fixture(scope="session")
def undisturbed(template: Path, made_once: MadeOnce) -> dict[str, Any]:
    """What the trainings write when nothing happens to them, on this machine without SLURM."""

    def make(folder: Path) -> None:
        shutil.copytree(template, folder)
        run(folder, *SNAKEMAKE, "--cores", "1", "--", TARGET)

    return made(made_once("undisturbed", make))


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
