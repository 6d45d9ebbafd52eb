"""Score the features of one method on one set of images by a linear classifier."""

from pathlib import Path

from relamp.job import run
from relamp.steps.image_probe import probe_images


def main(job) -> None:
    probe_images(
        Path(job.input.data),
        dict(zip(job.params.seeds, map(Path, job.input.embeddings), strict=True)),
        job.params.labels,
        job.params.protocol,
        Path(job.output[0]),
    )


if __name__ == "__main__":
    run(main, snakemake)
