"""Print how far jobs are."""

from pathlib import Path

from relamp.job import run
from relamp.steps.progress import print_progress


def main(job) -> None:
    print_progress(Path(job.params.results), job.params.logs, job.rule)


if __name__ == "__main__":
    run(main, snakemake)
