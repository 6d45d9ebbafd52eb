"""Draw accuracy over the epochs of pre-training."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.over_epochs import draw_over_epochs


def main(job) -> None:
    stem = Path(job.output[0]).with_suffix("")
    draw_over_epochs([Path(p) for p in job.input.rows], job.params.settings, stem, f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
