"""Fix the scaffold split of one molecular data set."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.splits import fix_scaffold_split


def main(job) -> None:
    fix_scaffold_split(Path(job.input.data), Path(job.output[0]))


if __name__ == "__main__":
    run(main, snakemake)
