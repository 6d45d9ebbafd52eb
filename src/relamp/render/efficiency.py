"""A page of what jobs used of what they asked for."""

import pandas as pd

from relamp.render.markup import TextTable

HEAD = ("kind of work", "jobs", "minutes", "CPUs used", "longest, of its limit", "peak memory, MB", "peak, of asked")
CAPTION = (
    "What the jobs of this run used of what they ask a cluster for. Minutes are those of all jobs together, without "
    "what a cluster or Snakemake adds to each. CPUs used: CPU time over the time of all CPUs asked for. CPU time and "
    "memory are those of Snakemake's last look at a job, up to half a minute before its end: they are lower bounds. "
    "The limits are those of a first attempt; they stand in workflow/rates.csv."
)


def efficiency_page(rows: pd.DataFrame) -> str:
    """Return an HTML page of the rows of `relamp.tools.efficiency.efficiency`."""
    cells = [
        [
            str(row["kind"]),
            f"{row['jobs']:,}",
            f"{row['minutes']:,.1f}",
            f"{row['cpus_used']:.0%}",
            f"{row['longest_of_limit']:.0%}",
            f"{row['peak_mb']:,.0f}",
            f"{row['peak_of_asked']:.0%}",
        ]
        for row in rows.to_dict("records")
    ]
    return TextTable(rows, HEAD, {"": cells}, CAPTION).html()
