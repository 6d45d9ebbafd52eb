"""Write the table of all data sets."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.render import render_data


def main(job) -> None:
    reports = [Path(path) for path in job.input.reports]
    render_data(reports, Path(job.output[0]).with_suffix(""), f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
