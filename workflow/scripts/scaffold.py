"""Fix the scaffold split of one molecular data set."""

from pathlib import Path

from relamp.data.jobs import scaffold
from relamp.runtime.job import run


def main(job) -> None:
    scaffold(Path(job.input.data), Path(job.output[0]))


if __name__ == "__main__":
    run(main, snakemake)
