"""What a job's own log tells of how it ran: on how many CPUs, and whether it took over what an earlier one had done."""

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

# How the messages begin by which a job says that it takes something over.
GOES_ON = "goes on"
_FIRST = re.compile(r"\S+ \S+, (\d+) CPUs? on ")


@dataclass(frozen=True)
class Ran:
    """How a job ran.

    Attributes:
        threads: CPUs that it had.
        took_over: whether a part of its work was there already, so that its time says nothing of the whole.
    """

    threads: int
    took_over: bool


def first_line(rule: str, threads: int) -> str:
    """Return how a log begins: rule, CPUs, machine and, in a job of SLURM, that job's number."""
    number = os.environ.get("SLURM_JOB_ID")
    of_slurm = f", SLURM job {number}" if number else ""
    return f"{rule}, {threads} CPU{'s' * (threads > 1)} on {platform.node()}{of_slurm}"


def ran(log: Path) -> Ran | None:
    """Return what a log tells of its last attempt; None if there is none that begins as it should."""
    if not log.is_file():
        return None
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    first = _FIRST.match(lines[0]) if lines else None
    return Ran(int(first[1]), any(re.match(rf"\S+ {GOES_ON} ", line) for line in lines)) if first else None
