"""What the jobs of a run used of what they asked for, by kind of work."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.errors import RelampError
from relamp.render.efficiency import efficiency_page
from relamp.runtime.files import write_csv, write_text
from relamp.tools.plan import Job, measured, plan

COLUMNS = ("kind", "jobs", "minutes", "cpus_used", "longest_of_limit", "peak_mb", "peak_of_asked")


def efficiency(jobs: Iterable[Job], folder: Path) -> pd.DataFrame:
    """Return one row a kind, of the jobs that have left a benchmark row below a folder.

    Columns: `jobs`; `minutes` of all together; `cpus_used`, the CPU time over that of the CPUs that were asked for;
    `longest_of_limit`, the largest share that a job took of its time limit; `peak_mb`, the most memory that one had,
    and `peak_of_asked`, the largest share of what was asked for at the first attempt. Of a job that was repeated the
    last run counts.
    """
    used = []
    for job in jobs:
        if not job.submitted or not (row := measured(job, folder)):
            continue
        used.append(
            {
                "kind": job.kind,
                "seconds": row.s,
                "cpu": row.cpu_s,
                "asked_cpu": row.s * row.threads,
                "of_limit": row.s / 60 / job.resources["runtime"],
                "mb": row.peak_mb,
                "of_asked": row.peak_mb / job.resources["mem_mb"],
            }
        )
    if not used:
        return pd.DataFrame(columns=list(COLUMNS))
    grouped = pd.DataFrame(used).groupby("kind")
    rows = grouped.agg(
        jobs=("seconds", "count"),
        seconds=("seconds", "sum"),
        cpu=("cpu", "sum"),
        asked_cpu=("asked_cpu", "sum"),
        longest_of_limit=("of_limit", "max"),
        peak_mb=("mb", "max"),
        peak_of_asked=("of_asked", "max"),
    ).reset_index()
    rows = rows.assign(minutes=rows["seconds"] / 60, cpus_used=rows["cpu"] / rows["asked_cpu"].clip(lower=1e-9))
    return rows[list(COLUMNS)].sort_values("minutes", ascending=False, ignore_index=True)


def write_efficiency(
    snakefile: str, config: Mapping[str, Any], targets: Sequence[str], cores: int, output: Path
) -> None:
    """Write the page and its numbers, from a plan of the targets and the benchmark rows that their jobs left.

    Args:
        snakefile: of the workflow.
        config: its configuration.
        targets: whose jobs are looked at.
        cores: most CPUs that a job gets.
        output: the page; its numbers lie beside it as CSV.

    Raises:
        RelampError: if the workflow cannot be planned, or no job has left a row.
    """
    rows = efficiency(plan(snakefile, config, targets, cores), Path())
    if rows.empty:
        raise RelampError(f"{output}: no job has left a benchmark row; run {', '.join(targets)} first")
    write_csv(output.with_suffix(".csv"), rows)
    write_text(output, efficiency_page(rows))
