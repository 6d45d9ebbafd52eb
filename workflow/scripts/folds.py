"""Fix the outer folds of one data set for every seed."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.splits import fix_folds


def main(job) -> None:
    fix_folds(Path(job.input.data), job.params.folds, dict(zip(job.params.seeds, map(Path, job.output), strict=True)))


if __name__ == "__main__":
    run(main, snakemake)
