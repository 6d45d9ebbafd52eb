"""Find or download the raw files of one data set."""

from pathlib import Path

from relamp.data.jobs import fetch
from relamp.runtime.job import run


def main(job) -> None:
    # From the whole configuration and not from params: another mirror is no reason to run anything again.
    fetch(job.wildcards.dataset, job.config, Path(job.output[0]))


if __name__ == "__main__":
    run(main, snakemake)
