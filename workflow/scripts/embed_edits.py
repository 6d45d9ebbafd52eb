"""Embed the triplets of the graph edit distance by one method's encoders."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.train.jobs import embed_edits


def main(job) -> None:
    seeds = job.params.seeds
    embed_edits(
        Path(job.input.data),
        dict(zip(seeds, map(Path, job.input.encoder), strict=True)),
        seeds,
        job.params.method,
        job.params.settings,
        job.params.protocol,
        dict(zip(seeds, map(Path, job.output), strict=True)),
        job.threads,
    )


if __name__ == "__main__":
    run(main, snakemake)
