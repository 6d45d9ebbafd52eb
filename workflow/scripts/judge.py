"""Judge numbers and claims."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.judge import judge


def main(job) -> None:
    judge(
        Path(job.input.scores),
        Path(job.input.settings),
        [Path(path) for path in job.input.damage],
        [Path(path) for path in job.input.published],
        Path(job.input.claims),
        job.params.methods,
        job.params.judging,
        job.params.preset,
        job.params.rendered,
        Path(job.output[0]).with_suffix(""),
        f"snakemake {job.rule}",
    )


if __name__ == "__main__":
    run(main, snakemake)
