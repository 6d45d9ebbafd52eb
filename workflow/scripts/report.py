"""Write the report of everything that is rendered."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.tools.report import write_report


def main(job) -> None:
    cells, claims = Path(job.input.cells), Path(job.input.claims)
    write_report(job.params.snakefile, job.config, job.params.targets, cells, claims, Path(job.output[0]))


if __name__ == "__main__":
    run(main, snakemake)
