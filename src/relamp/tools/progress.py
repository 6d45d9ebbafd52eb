"""Print how far jobs are: a line each, from what SLURM says of them and what their logs say themselves."""

import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from relamp.errors import RelampError

# Of each job: number, state, time used and allowed, node, comment (rule and wildcards) and folder.
FORMAT = "%i|%T|%M|%l|%N|%k|%Z"
RECENT_S = 600  # without SLURM, a log that was written to within this time belongs to a job at work


def print_progress(results: Path, logs: Mapping[str, str], own: str) -> None:
    """Print a line for each job of this folder that SLURM knows or, without SLURM, for each recent log.

    `results` is the folder of the presets' results, `logs` has for each rule the path of its log below a preset's
    results, with wildcards, and `own` is the rule that prints this.
    """
    if shutil.which("squeue") is None:
        found = sorted(path for rule, pattern in logs.items() if rule != own for path in results.glob(_any(pattern)))
        print("\n".join(recent(found, time.time()) or ["no job has written to its log lately"]))
        return
    done = subprocess.run(
        ["squeue", "--me", "--noheader", "--format", FORMAT], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RelampError(f"squeue does not answer ({done.stderr.strip()}); try again later")
    print("\n".join(queued(done.stdout, results, logs, Path.cwd()) or ["SLURM has no job of this folder"]))


def queued(queue: str, results: Path, logs: Mapping[str, str], folder: Path) -> list[str]:
    """Return a line for each job of a folder in what `squeue` printed in our format."""
    lines = []
    for line in queue.splitlines():
        number, state, used, limit, node, comment, work = line.split("|", 6)
        if Path(work).resolve() != folder.resolve() or not comment.startswith("rule_"):
            continue
        rule, _, wildcards = comment.removeprefix("rule_").partition("_wildcards_")
        log = log_of(wildcards, results, logs.get(rule, "")) if state != "PENDING" else None
        name = " ".join(filter(None, (rule, wildcards)))
        lines.append(f"{number:>8} {state:<10} {used:>9} of {limit:<9} {node:<8} {name}{_end(log)}")
    return lines


def recent(logs: Sequence[Path], now: float) -> list[str]:
    """Return a line for each log that was written to lately."""
    fresh = [log for log in logs if now - log.stat().st_mtime <= RECENT_S]
    return [f"{now - log.stat().st_mtime:>5.0f} s ago  {log}{_end(log)}" for log in fresh]


def log_of(wildcards: str, results: Path, pattern: str) -> Path | None:
    """Return the log of a job, of whichever preset wrote to it last: its rule's, with the wildcards of SLURM's comment.

    There their values stand one after another, joined by underscores.
    """
    values = re.compile(re.sub(r"\\{\w+\\}", "([^/]+)", re.escape(pattern)))
    fitting = [
        log
        for log in (results.glob(_any(pattern)) if pattern else ())
        if (found := values.fullmatch("/".join(log.relative_to(results).parts[1:])))
        and "_".join(found.groups()) == wildcards
    ]
    return max(fitting, key=lambda log: log.stat().st_mtime, default=None)


def _any(pattern: str) -> str:
    return "*/" + re.sub(r"\{\w+\}", "*", pattern)


def _end(log: Path | None) -> str:
    """Return the last line of a log, to be put behind something else."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log else []
    return f": {lines[-1]}" if lines else ""
