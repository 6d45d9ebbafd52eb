"""Write the table of all methods on all data sets of graphs."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.compare import show_cross_table


def main(job) -> None:
    show_cross_table(Path(job.input.scores), Path(job.output[0]).with_suffix(""), f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
