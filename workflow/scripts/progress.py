"""Print how far jobs are."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.tools.progress import print_progress


def main(job) -> None:
    print_progress(Path(job.params.results), job.params.logs, job.rule)


if __name__ == "__main__":
    run(main, snakemake)
