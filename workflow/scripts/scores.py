"""Turn stored rows into the scores of all protocols."""

from pathlib import Path

from relamp.job import run
from relamp.steps.judge import score_all


def main(job) -> None:
    score_all(
        [Path(path) for path in job.input.svm],
        [Path(path) for path in job.input.finetune],
        job.params.fixed,
        Path(job.output.scores),
        Path(job.output.settings),
    )


if __name__ == "__main__":
    run(main, snakemake)
