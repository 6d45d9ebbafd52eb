"""Print how far jobs are: a line each, from what SLURM says of them and what their logs say themselves."""

import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from relamp.errors import RelampError

# Of each job: number, state, time used and allowed, node, comment (rule and wildcards) and folder.
FORMAT = "%i|%T|%M|%l|%N|%k|%Z"
RECENT_S = 600  # without SLURM, a log that was written to within this time belongs to a job at work


def print_progress(results: Path) -> None:
    """Print a line for each job of this folder that SLURM knows or, without SLURM, for each recent log."""
    logs = sorted(results.glob("*/logs/**/*.log"))
    if shutil.which("squeue") is None:
        print("\n".join(recent(logs, time.time()) or ["no job has written to its log lately"]))
        return
    done = subprocess.run(
        ["squeue", "--me", "--noheader", "--format", FORMAT], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RelampError(f"squeue does not answer ({done.stderr.strip()}); try again later")
    print("\n".join(queued(done.stdout, logs, Path.cwd()) or ["SLURM has no job of this folder"]))


def queued(queue: str, logs: Sequence[Path], folder: Path) -> list[str]:
    """Return a line for each job of a folder in what `squeue` printed in our format."""
    lines = []
    for line in queue.splitlines():
        number, state, used, limit, node, comment, work = line.split("|", 6)
        if Path(work).resolve() != folder.resolve() or not comment.startswith("rule_"):
            continue
        rule, _, wildcards = comment.removeprefix("rule_").partition("_wildcards_")
        log = log_of(rule, wildcards, logs) if state != "PENDING" else None
        name = " ".join(filter(None, (rule, wildcards)))
        lines.append(f"{number:>8} {state:<10} {used:>9} of {limit:<9} {node:<8} {name}{_end(log)}")
    return lines


def recent(logs: Sequence[Path], now: float) -> list[str]:
    """Return a line for each log that was written to lately."""
    fresh = [log for log in logs if now - log.stat().st_mtime <= RECENT_S]
    return [f"{now - log.stat().st_mtime:>5.0f} s ago  {log}{_end(log)}" for log in fresh]


def log_of(rule: str, wildcards: str, logs: Sequence[Path]) -> Path | None:
    """Return the log of a job: the latest whose path, spelt as SLURM's comment is, ends with the wildcards.

    Among those whose folder is named like the rule, if there are any.
    """

    def spelt(log: Path) -> str:
        return "_" + "_".join(log.with_suffix("").parts)

    # A log's name may lack its last suffix only: settings have dots of their own.
    fitting = [log for log in logs if spelt(log).endswith(f"_{wildcards or rule}")]
    own = [log for log in fitting if rule in log.parts] or fitting
    return max(own, key=lambda log: log.stat().st_mtime, default=None)


def _end(log: Path | None) -> str:
    """Return the last line of a log, to be put behind something else."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log else []
    return f": {lines[-1]}" if lines else ""
