"""Fix the outer folds of one data set for every seed."""

from pathlib import Path

from relamp.data.jobs import folds
from relamp.runtime.job import run


def main(job) -> None:
    seeds = job.params.seeds
    folds(Path(job.input.data), seeds, job.params.folds, dict(zip(seeds, map(Path, job.output), strict=True)))


if __name__ == "__main__":
    run(main, snakemake)
