"""Draw accuracy against sample size and output dimension."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.sample_sizes import draw_sample_sizes


def main(job) -> None:
    stem = Path(job.output[0]).with_suffix("")
    draw_sample_sizes([Path(p) for p in job.input.rows], job.params.settings, stem, f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
