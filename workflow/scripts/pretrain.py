"""Pre-train one method at one or several settings on one data set, for every seed."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.pretrain import pretrain_settings


def main(job) -> None:
    pretrain_settings(
        Path(job.input.data),
        list(map(Path, job.output.encoder)),
        job.params.seeds,
        list(map(Path, job.params.states)),
        job.params.methods,
        job.params.settings,
        [Path(path).resolve() for path in job.input.code],
        job.threads,
    )


if __name__ == "__main__":
    run(main, snakemake)
