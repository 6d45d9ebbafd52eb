"""Score one graph kernel by support vector machines."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.kernel import score_kernel


def main(job) -> None:
    score_kernel(
        Path(job.input.data),
        dict(zip(job.params.seeds, map(Path, job.input.folds), strict=True)),
        {"method": job.wildcards.kernel, "dataset": job.wildcards.dataset},
        job.params.protocol,
        job.params.options,
        Path(job.output[0]),
    )


if __name__ == "__main__":
    run(main, snakemake)
