"""Find or download the raw files of one data set."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.data import fetch_dataset


def main(job) -> None:
    # From the whole configuration and not from params: another mirror is no reason to run anything again.
    fetch_dataset(job.wildcards.dataset, job.config, Path(job.output[0]))


if __name__ == "__main__":
    run(main, snakemake)
