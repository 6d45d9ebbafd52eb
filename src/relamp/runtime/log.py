"""How a job ran, read from its own log: CPUs, time, and whether it resumed an earlier job's work."""

import os
import platform
import re
import resource
from dataclasses import dataclass
from pathlib import Path

# How messages begin that say that a job resumes earlier work.
RESUMES = "resumes"
_FIRST = re.compile(r"\S+ \S+, (\d+) CPUs? on ")
_LAST = re.compile(r"\S+ used ([\d.]+) s of CPU time")


@dataclass(frozen=True)
class Ran:
    """How a job ran.

    Attributes:
        threads: CPUs that it had.
        cpu_s: seconds of all CPUs together.
        took_over: whether a part of its work was done already, so that its time does not cover the whole.
    """

    threads: int
    cpu_s: float
    took_over: bool


def first_line(rule: str, threads: int, device: str = "") -> str:
    """Return how a log begins: rule, CPUs, machine, in a job of SLURM that job's number, and what trains."""
    number = os.environ.get("SLURM_JOB_ID")
    of_slurm = f", SLURM job {number}" if number else ""
    return f"{rule}, {threads} CPU{'s' * (threads > 1)} on {platform.node()}{of_slurm}{device}"


def last_line() -> str:
    """Return how a log ends: the CPU time of this process and of those that it has waited for."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return f"used {sum(each.ru_utime + each.ru_stime for each in used):.1f} s of CPU time"


def ran(log: Path) -> Ran | None:
    """Return how a log's last attempt ran; None if there is none that begins and ends as it should."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
    first, last = (_FIRST.match(lines[0]), _LAST.fullmatch(lines[-1])) if lines else (None, None)
    if not first or not last:
        return None
    return Ran(int(first[1]), float(last[1]), any(re.match(rf"\S+ {RESUMES} ", line) for line in lines))
