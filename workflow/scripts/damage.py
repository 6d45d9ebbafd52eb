"""Measure what augmentations do to the structural entropy of one data set."""

from pathlib import Path

from relamp.graph.jobs import damage
from relamp.runtime.job import run


def main(job) -> None:
    damage(Path(job.input.data), job.params.protocol, Path(job.output[0]))


if __name__ == "__main__":
    run(main, snakemake)
