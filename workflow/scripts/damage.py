"""Measure what augmentations do to the structural entropy of one data set."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.damage import measure_damage


def main(job) -> None:
    measure_damage(Path(job.input.data), job.params.protocol, Path(job.output[0]))


if __name__ == "__main__":
    run(main, snakemake)
