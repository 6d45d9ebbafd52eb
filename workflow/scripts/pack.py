"""Verify, read and pack one data set."""

from pathlib import Path

from relamp.data.jobs import pack
from relamp.runtime.job import run


def main(job) -> None:
    pack(
        job.wildcards.dataset,
        Path(job.output.packed),
        Path(job.output.guard),
        Path(job.output.dropped),
        record=Path(job.input.record) if job.input.record else None,
        own=Path(job.params.own) if job.params.own else None,
        parts=Path(job.params.parts),
        threads=job.threads,
    )


if __name__ == "__main__":
    run(main, snakemake)
