"""Pre-train one method on one set of images, for every seed."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.images import pretrain_image_seeds


def main(job) -> None:
    encoders = [job.output.encoder] if isinstance(job.output.encoder, str) else job.output.encoder
    pretrain_image_seeds(
        Path(job.input.data),
        {seed: Path(path).parent for seed, path in zip(job.params.seeds, encoders, strict=True)},
        Path(job.params.state),
        job.params.method,
        job.params.settings,
        [Path(path).resolve() for path in job.input.code],
        job.threads,
    )


if __name__ == "__main__":
    run(main, snakemake)
