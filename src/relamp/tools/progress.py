"""Print how far a run is: a line for each table, with the hours left, and one for each job at work.

What SLURM says of jobs counts, or without it that their logs were written to lately.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relamp.errors import RelampError, reason
from relamp.runtime.home import home
from relamp.runtime.log import ran
from relamp.study.cells import Cell, cells_of
from relamp.study.config import load_config
from relamp.study.plan import Plan
from relamp.tools.cells import LEGEND, Standing, counted, grid, standing
from relamp.tools.cost import corrections, costs, seconds_of
from relamp.tools.plan import Job, plan
from relamp.tools.run import CELLS

# Of each job: number, state, time used and allowed, node, comment (rule and wildcards) and folder.
FORMAT = "%i|%T|%M|%l|%N|%k|%Z"
RECENT_S = 600  # without SLURM, a log that was written to within this time belongs to a job at work
ALL = "all"  # the line of all tables together
_MOST = 5  # lines on files that are not what they are taken for


def print_progress(
    results: Path,
    logs: Mapping[str, str],
    own: str,
    snakefile: str,
    config: Mapping[str, Any],
    published: str,
    cores: int,
) -> None:
    """Print how far tables are, and the jobs at work of this folder; or the cells of one table.

    `results` is the folder of the presets' results, `logs` has for each rule the path of its log below a preset's
    results, with wildcards, and `own` is the rule that prints this; `published` is the folder of the papers' numbers,
    `cores` the most CPUs that a job gets on a cluster. The table is that which the variable RELAMP_CELLS names.

    Raises RelampError if the workflow cannot be planned, or SLURM does not answer.
    """
    on_slurm = shutil.which("squeue") is not None
    if on_slurm:
        queue, here = _queue(), Path.cwd()
        at_work, lines = running(queue, results, logs, here), queued(queue, results, logs, here)
    else:
        cores = os.cpu_count() or 1  # on one machine a run takes all of them
        files = sorted(path for rule, pattern in logs.items() if rule != own for path in results.glob(_any(pattern)))
        at_work, lines = unfinished(files, time.time()), recent(files, time.time())
    table = os.environ.get(CELLS, "")
    said = stand(_left(results, snakefile, config, published, cores, table), at_work, table)
    nobody = "SLURM has no job of this folder" if on_slurm else "no job has written to its log lately"
    print("\n".join([*said, *(() if table else ("", *(lines or [nobody])))]))


@dataclass(frozen=True)
class Left:
    """What would still run.

    Attributes:
        plan: the artifacts that are asked for.
        cells: of all tables, or of one.
        jobs: those that would still run.
        hours: CPU-hours left by target; nothing is left of those that have none.
        all_hours: CPU-hours of all of them.
        chain_hours: of the longest chain of them.
        cores: on which they run.
    """

    plan: Plan
    cells: Sequence[Cell]
    jobs: Sequence[Job]
    hours: Mapping[str, float]
    all_hours: float
    chain_hours: float
    cores: int


def _left(results: Path, snakefile: str, config: Mapping[str, Any], published: str, cores: int, table: str) -> Left:
    chosen = load_config(config, home() / "workflow" / "presets")
    folders = f"{results}/{chosen.name}", f"figures/{chosen.name}"
    artifacts = Plan(chosen, *folders, published, base=f"{results}/{chosen.preset}")
    cells = [cell for cell in cells_of(artifacts) if cell.table == (table or cell.table)]
    # Rows that are missing are made again although their table is there. A plan of `all` takes ten times as long.
    tables = list(dict.fromkeys(cell.table for cell in cells))
    targets = [*tables, *dict.fromkeys(cell.rows for cell in cells if cell.rows)]
    given = {**config, "preset": chosen.preset}
    try:
        # Both take long; what is measured already needs a plan of everything.
        with ThreadPoolExecutor() as pool:
            measured = pool.submit(corrections, snakefile, given, tables, cores, results)
            jobs = plan(snakefile, given, targets, cores, left=True)
            by_kind = {row.kind: row for row in measured.result()[0]}
    except RelampError as error:
        raise RelampError(reason(error)) from error
    made = {cost.target: cost for cost in costs(jobs, tables, by_kind)}
    # A job at work counts whole.
    total = sum(job.threads * seconds_of(job, by_kind) for job in jobs) / 3600
    chain = max((cost.chain_hours for cost in made.values()), default=0.0)
    return Left(artifacts, cells, jobs, {name: cost.cpu_hours for name, cost in made.items()}, total, chain, cores)


def stand(left: Left, at_work: Sequence[str], table: str) -> list[str]:
    """Return a line for each table, and one of all; or the cells of a table."""
    judged = left.plan.asked(left.plan.known["judge"])
    asked = {cell.rows: judged[cell.rows] for cell in left.cells if cell.rows}
    found = standing(asked, left.jobs, at_work)
    by_table: dict[str, list[Cell]] = {}
    for cell in left.cells:
        by_table.setdefault(cell.table, []).append(cell)
    lines = [*grid(left.cells, found), LEGEND, ""] if table else []
    lines += [_line(name, [cell.rows for cell in of], found, left) for name, of in by_table.items()]
    if not table:
        hours = f"{max(left.all_hours / left.cores, left.chain_hours):.1f} h on {left.cores} cores"
        lines += [f"{ALL:<14} {counted([cell.rows for cell in left.cells], found, left.all_hours)}; {hours}"]
    more = [f"and {len(found.wrong) - _MOST} more"] if len(found.wrong) > _MOST else []
    return [*lines, *(f"missing, though there: {line}" for line in found.wrong[:_MOST]), *more]


def _line(name: str, files: Sequence[str], found: Standing, left: Left) -> str:
    if not any(files):
        return f"{name:<14} left out by this preset ({len(files)} cells)"
    return f"{name:<14} {counted(files, found, left.hours.get(name, 0.0))}"


def _queue() -> str:
    done = subprocess.run(
        ["squeue", "--me", "--noheader", "--format", FORMAT], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise RelampError(f"squeue does not answer ({said}); try again later")
    return done.stdout


def queued(queue: str, results: Path, logs: Mapping[str, str], folder: Path) -> list[str]:
    """Return a line for each job of a folder in what `squeue` printed in our format."""
    lines = []
    for (number, state, used, limit, node), rule, wildcards in _jobs(queue, folder):
        log = log_of(wildcards, results, logs.get(rule, "")) if state != "PENDING" else None
        name = " ".join(filter(None, (rule, wildcards)))
        lines.append(f"{number:>8} {state:<10} {used:>9} of {limit:<9} {node:<8} {name}{_end(log)}")
    return lines


def _jobs(queue: str, folder: Path) -> Iterator[tuple[Sequence[str], str, str]]:
    """Yield number, state, times and node of each job of a folder, its rule and its wildcards."""
    for line in queue.splitlines():
        *said, comment, work = line.split("|", 6)
        if Path(work).resolve() == folder.resolve() and comment.startswith("rule_"):
            rule, _, wildcards = comment.removeprefix("rule_").partition("_wildcards_")
            yield said, rule, wildcards


def recent(logs: Sequence[Path], now: float) -> list[str]:
    """Return a line for each log that was written to lately."""
    fresh = [(now - _written(log), log) for log in logs]
    return [f"{ago:>5.0f} s ago  {log}{_end(log)}" for ago, log in fresh if ago <= RECENT_S]


def unfinished(logs: Sequence[Path], now: float) -> list[str]:
    """Return the logs that were written to lately and do not end as that of a finished job does."""
    return [str(log) for log in logs if now - _written(log) <= RECENT_S and not ran(log)]


def running(queue: str, results: Path, logs: Mapping[str, str], folder: Path) -> list[str]:
    """Return the logs of the jobs of a folder that run, by what `squeue` printed in our format."""
    of = [(rule, wildcards) for said, rule, wildcards in _jobs(queue, folder) if said[1] == "RUNNING"]
    found = (log_of(wildcards, results, logs.get(rule, "")) for rule, wildcards in of)
    return [str(log) for log in found if log]


def _written(log: Path) -> float:
    """Return when a log was last written to; a job that starts deletes it."""
    try:
        return log.stat().st_mtime
    except FileNotFoundError:
        return 0.0


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
