"""Draw which images were mixed into which."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.picture_grid import draw_picture_grid


def main(job) -> None:
    draw_picture_grid(
        Path(job.input.data),
        Path(job.input.mixed),
        Path(job.output[0]).with_suffix(""),
        f"snakemake {job.rule}",
        job.params.anchors,
        job.params.partners,
        job.params.skip,
    )


if __name__ == "__main__":
    run(main, snakemake)
