"""Print what the configuration costs before it runs."""

from pathlib import Path

from relamp.job import run
from relamp.steps.cost import print_costs


def main(job) -> None:
    print_costs(job.params.snakefile, job.config, job.params.targets, Path("results"))


if __name__ == "__main__":
    run(main, snakemake)
