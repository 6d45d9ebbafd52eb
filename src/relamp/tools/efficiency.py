"""What the jobs of a run used of what they asked for, by kind of work."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.errors import RelampError
from relamp.render.markup import TextTable
from relamp.runtime.files import write_csv, write_text
from relamp.tools.plan import measured, plan

# By column, its title on the page and how its numbers are shown there.
COLUMNS = {
    "kind": ("kind of work", ""),
    "jobs": ("jobs", ","),
    "minutes": ("minutes", ",.1f"),
    "cpus_used": ("CPUs used", ".0%"),
    "longest_of_limit": ("longest, of its limit", ".0%"),
    "peak_mb": ("peak memory, MB", ",.0f"),
    "peak_of_asked": ("peak, of asked", ".0%"),
}
CAPTION = (
    "What the jobs of this run used of what they ask a cluster for. Minutes are those of all jobs together, without "
    "what a cluster or Snakemake adds to each. CPUs used: CPU time over the time of all CPUs asked for. CPU time and "
    "memory are those of Snakemake's last look at a job, up to half a minute before its end: they are lower bounds. "
    "The limits are those of a first attempt; they stand in workflow/rates.csv."
)


def write_efficiency(
    snakefile: str, config: Mapping[str, Any], targets: Sequence[str], cores: int, output: Path
) -> None:
    """Write the page and its numbers, from a plan of the targets and the benchmark rows that their jobs left.

    There is a row for each kind: `jobs`; `minutes` of all together; `cpus_used`, the CPU time over that of the CPUs
    that were asked for; `longest_of_limit`, the largest share that a job took of its time limit; `peak_mb`, the most
    memory that one had, and `peak_of_asked`, the largest share of what was asked for at the first attempt. Of a job
    that was repeated the last run counts.

    No job gets more CPUs than `cores`; `output` is the page, its numbers lie beside it as CSV. Raises RelampError if
    the workflow cannot be planned, or no job has left a row.
    """
    used = [
        {
            "kind": job.kind,
            "seconds": row.s,
            "cpu": row.cpu_s,
            "asked_cpu": row.s * row.threads,
            "longest_of_limit": row.s / 60 / job.resources["runtime"],
            "peak_mb": row.peak_mb,
            "peak_of_asked": row.peak_mb / job.resources["mem_mb"],
        }
        for job in plan(snakefile, config, targets, cores)
        if job.submitted and (row := measured(job, Path()))
    ]
    if not used:
        raise RelampError(f"{output}: no job has left a benchmark row; run {', '.join(targets)} first")
    of_kind = pd.DataFrame(used).groupby("kind")
    sums, most = of_kind.sum(), of_kind.max()
    rows = most.assign(
        jobs=of_kind.size(),
        minutes=sums["seconds"] / 60,
        cpus_used=sums["cpu"] / sums["asked_cpu"].clip(lower=1e-9),
    ).reset_index()
    rows = rows[list(COLUMNS)].sort_values("minutes", ascending=False, ignore_index=True)
    write_csv(output.with_suffix(".csv"), rows)
    cells = [[format(row[name], shown) for name, (_, shown) in COLUMNS.items()] for row in rows.to_dict("records")]
    write_text(output, TextTable(rows, [title for title, _ in COLUMNS.values()], {"": cells}, CAPTION).html())
