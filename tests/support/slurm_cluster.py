"""A small workflow on the local cluster: a copy of the project, a controller that can be hit, and what came of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from timeless import timeless

ROOT = Path(__file__).parents[2]
SETTING = "MUTAG/lamp-mag/gamma~0.2_alpha~1"
TARGET = f"results/quick/train/graphs/{SETTING}/seed~0/encoder.safetensors"
# Trainings of some seconds each, long enough to be hit in the middle.
CONFIG = """
preset: quick
damage: {datasets: [MUTAG], draws: 1}
unsupervised:
  datasets: [MUTAG]
  methods: [lamp-mag]
  kernels: []
  seeds: [0, 1]
  sweeps: {gamma: [], alpha: []}
  pretraining: {epochs: 400, checkpoints: [0, 400], hidden: 8, layers: 2, local_nodes: 200}
"""
SITE = """
cpu: {slurm_partition: cpu}
gpu: {slurm_partition: gpu}
"""
# The preemptible partition, and no more of it than the nodes with GPUs.
LOW = """
gpu: {slurm_partition: low}
"""
SNAKEMAKE = [sys.executable, "-m", "snakemake"]
PLAN = [*SNAKEMAKE, "--dry-run", "--nolock"]
needs_snakemake = pytest.mark.skipif(find_spec("snakemake") is None, reason="snakemake is not installed")
# The test's own controllers look often, and the trainings save often.
OFTEN = ["--slurm-init-seconds-before-status-checks", "1"]
ENV = {**os.environ, "RELAMP_SAVE_SECONDS": "0.2", "RELAMP_DEVICE": "cpu", "SNAKEMAKE": " ".join(SNAKEMAKE)}
# With a GPU, in words: the pretended ones cannot compute.
ON_GPU = {**ENV, "RELAMP_DEVICE": ""}


def copy_project(folder: Path, config: str = CONFIG) -> Path:
    """Copy what a run needs, with a configuration and the local cluster's words.

    What is compiled goes along, so that no copy compiles anew; what another process is just writing there does not.
    """
    skipped = shutil.ignore_patterns("*.egg-info", "*.pyc.*", "*.tmp.*")
    for name in ("src", "workflow", "published", "envs", "slurm"):
        shutil.copytree(ROOT / name, folder / name, ignore=skipped)
    shutil.copy(ROOT / "Snakefile", folder)
    (folder / "config.yaml").write_text(config)
    (folder / "slurm" / "site.yaml").write_text(SITE)
    return folder


def run(folder: Path, *words: str, env: Mapping[str, str] = ENV, timeout: float = 240, code: int = 0) -> str:
    """Run a command in a folder to its good end, or another that is expected, and return what it printed."""
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=timeout)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def made(folder: Path) -> dict[str, Any]:
    """Return everything that the trainings have written, and the packed data, see `timeless`."""
    paths = [*(folder / "results/quick/train").rglob("*.*"), *(folder / "results/quick/data").glob("*")]
    return {str(path.relative_to(folder)): timeless(path) for path in paths if path.is_file()}


def until(what: str, happened: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        time.sleep(0.2)


class Controller:
    """`snakemake --profile slurm` at work in a folder, in a process group of its own."""

    def __init__(self, folder: Path, *options: str, env: dict[str, str] = ENV, target: str = TARGET) -> None:
        self.folder, self.output = folder, folder / f"controller-{time.monotonic_ns()}.txt"
        with self.output.open("w") as file:
            words = [*SNAKEMAKE, "--profile", "slurm", *OFTEN, *options, "--", target]
            # What a shell has put into the background ignores Ctrl-C, and so would what it starts.
            self.process = subprocess.Popen(
                ["env", "--default-signal=INT", *words],
                cwd=folder,
                env=env,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text()

    def run_id(self) -> str:
        return self.said().partition("SLURM run ID: ")[2].split("\n")[0]

    def job(self) -> str:
        """Return the SLURM id of the training, once it has saved a state for the first time."""
        until(f"a saved state; the controller said {self.said()}", self._has_saved)
        job = squeue("--name", self.run_id(), "--states", "running", "--format", "%i").strip()
        assert job, "the training has ended before it could be hit; have it train longer"
        return job

    def _has_saved(self) -> bool:
        assert self.process.poll() is None, self.said()
        return bool(list((self.folder / "results/quick/state").rglob("*.pt")))

    def end(self, number: signal.Signals) -> None:
        """Send a signal and wait until it is gone."""
        self.process.send_signal(number)
        self.process.wait(60)

    def wait(self, seconds: float = 400) -> int:
        """Wait for its own end, and return its exit status."""
        return self.process.wait(seconds)


def squeue(*words: str) -> str:
    return subprocess.run(["squeue", "--noheader", *words], capture_output=True, text=True, check=True).stdout


def log_of_training(folder: Path) -> str:
    (path,) = (folder / "results/quick/logs/train").rglob("*.log")
    return path.read_text()
