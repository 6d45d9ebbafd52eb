"""Score the features of several methods on one set of images by a linear classifier."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.image_probe import probe_image_runs


def main(job) -> None:
    probe_image_runs(
        Path(job.input.data),
        protocol=job.params.protocol,
        embeddings=list(map(Path, job.input.embeddings)),
        seeds=job.params.seeds,
        labels=job.params.labels,
        outputs=list(map(Path, job.output)),
        kept=Path(job.params.kept),
        code=[Path(path).resolve() for path in job.input.code],
        processes=job.threads,
    )


if __name__ == "__main__":
    run(main, snakemake)
