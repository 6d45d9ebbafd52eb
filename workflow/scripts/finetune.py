"""Fine-tune one pre-trained encoder on one data set, for every seed."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.transfer import finetune_seeds


def main(job) -> None:
    finetune_seeds(
        Path(job.input.data),
        Path(job.input.split),
        Path(job.input.encoder[0]) if job.input.encoder else None,
        job.params.seeds,
        tuple(job.params.shape),
        Path(job.params.state),
        job.params.labels,
        job.params.settings,
        [Path(path).resolve() for path in job.input.code],
        Path(job.output[0]),
        job.threads,
    )


if __name__ == "__main__":
    run(main, snakemake)
