"""Print what the configuration costs before it runs."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.tools.cost import print_costs


def main(job) -> None:
    given = job.params
    print_costs(given.snakefile, job.config, given.targets, given.cores, Path("results"))


if __name__ == "__main__":
    run(main, snakemake)
