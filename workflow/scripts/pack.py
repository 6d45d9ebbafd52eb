"""Verify, read and pack one data set."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.data import pack_dataset


def main(job) -> None:
    pack_dataset(
        job.wildcards.dataset,
        Path(job.output.packed),
        Path(job.output.guard),
        Path(job.output.dropped),
        record=Path(job.input.record) if job.input.record else None,
        own=Path(job.params.own) if job.params.own else None,
        parts=Path(job.params.parts),
        processes=job.threads,
    )


if __name__ == "__main__":
    run(main, snakemake)
