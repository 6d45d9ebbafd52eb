"""The jobs that Snakemake plans for some targets, and what an earlier run of each took."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relamp.errors import RelampError, without_user
from relamp.runtime.log import Ran, ran

log = logging.getLogger(__name__)

TRIGGERS = ("mtime", "params", "input", "software-env")  # what makes a job run again, as in profiles/default
JOB = re.compile(r"^(?:local)?(?:rule|checkpoint) (\w+):\n((?:    .*\n)*)", re.MULTILINE)
FIELD = re.compile(r"^    (input|output|log|benchmark|threads|resources): (.*)", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """One job of a plan.

    Attributes:
        rule: its rule.
        kind: of work, by which it asks (`workflow/rates.csv`); "" for what asks for nothing.
        inputs, outputs: files.
        benchmark: where its time will be written; "" if nowhere.
        threads: CPUs.
        log: of its own, "" if none.
        resources: the whole numbers among its resources: `start_s`, `expected_s`, `gpu`, `disk_mb` and others.
    """

    rule: str
    kind: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    benchmark: str = ""
    threads: int = 1
    resources: Mapping[str, int] = field(default_factory=dict)
    log: str = ""

    @property
    def submitted(self) -> bool:
        """Whether it goes to the cluster; what asks for nothing runs where the command was typed."""
        return "expected_s" in self.resources


def second_snakemake(
    snakefile: str,
    config: Mapping[str, Any],
    targets: Sequence[str],
    options: Sequence[str],
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Return what a Snakemake said of some targets, by the same configuration, with further variables around it.

    What it said holds no user or password of an address, wherever it is cut.
    """
    words = [f"{key}={json.dumps(value)}" for key, value in config.items()]
    # The outer Snakemake holds the lock of the folder, and the inner one writes nothing there, whatever lies half-made.
    command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, "--nolock"]
    command += ["--workflow-profile", "none", *options]
    command += ["--config", *words, "--", *targets]
    log.info("%s", without_user(" ".join(command)))
    variables = {**os.environ, **(environment or {})}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    done.stdout, done.stderr = without_user(done.stdout), without_user(done.stderr)
    return done


def plan(
    snakefile: str, config: Mapping[str, Any], targets: Sequence[str], cores: int, *, left: bool = False
) -> list[Job]:
    """Return all jobs of some targets, as if nothing were there yet, none of them with more CPUs than `cores`.

    With `left` only those that would still run. Raises RelampError, with the end of what Snakemake said, if it cannot
    plan them.
    """
    options = ["--dry-run", "--cores", str(cores), "--rerun-incomplete"]
    options += ["--rerun-triggers", *TRIGGERS] if left else ["--forceall"]
    done = second_snakemake(snakefile, config, targets, options)
    if done.returncode:
        said = (done.stdout + done.stderr).rpartition("Building DAG of jobs...")[2].strip()
        raise RelampError(f"the workflow cannot be planned: {said[-500:]}")
    return read_plan(done.stdout + done.stderr)


def read_plan(text: str) -> list[Job]:
    """Return the jobs that `snakemake --dry-run` prints."""
    return [_job(rule, dict(FIELD.findall(fields))) for rule, fields in JOB.findall(f"{text}\n")]


def _job(rule: str, found: Mapping[str, str]) -> Job:
    asked = found.get("resources", "")
    kind = re.search(r"\bkind=(\w+)", asked)
    inputs, outputs = (tuple(found[key].split(", ")) if key in found else () for key in ("input", "output"))
    return Job(
        rule,
        kind[1] if kind else "",
        inputs,
        outputs,
        benchmark=found.get("benchmark", ""),
        threads=int(found.get("threads", "1")),
        resources={name: int(value) for name, value in re.findall(r"(\w+)=(\d+)(?:,|$)", asked)},
        log=found.get("log", ""),
    )


@dataclass(frozen=True)
class Measured(Ran):
    """What an earlier run of a job took.

    Attributes:
        s: seconds.
        peak_mb: memory.
    """

    s: float
    peak_mb: float


def measured(job: Job, folder: Path) -> Measured | None:
    """Return what the last run of the same job took, by its benchmark row and its log; None without these."""
    path, how = folder / job.benchmark, ran(folder / job.log)
    lines = path.read_text(encoding="utf-8").splitlines() if how and path.is_file() else []
    rows = [json.loads(line) for line in lines if line.strip()]
    if not how or not rows:
        return None
    # The row's own CPU time ends where the process was last looked at, up to half a minute before its end.
    return Measured(**vars(how), s=float(rows[-1]["s"]), peak_mb=float(rows[-1]["max_rss"]) * 2**20 / 1e6)
