"""Fine-tune one pre-trained encoder on one data set, for every seed."""

from pathlib import Path

from relamp.runtime.code import closure_sha256
from relamp.runtime.job import run
from relamp.train.jobs import finetune


def main(job) -> None:
    code = Path(str(job.log)).with_suffix(".code")
    code.write_text(closure_sha256([Path(path).resolve() for path in job.input.code]))
    finetune(
        Path(job.input.data),
        code,
        Path(job.input.split),
        Path(job.input.encoder[0]) if job.input.encoder else None,
        job.params.seeds,
        tuple(job.params.shape),
        Path(job.params.state),
        job.params.labels,
        job.params.settings,
        Path(job.output[0]),
        job.threads,
    )


if __name__ == "__main__":
    run(main, snakemake)
