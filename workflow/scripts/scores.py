"""Turn stored rows into the scores of all evaluations and protocols."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.judge import score_all


def main(job) -> None:
    rows = {kind: [Path(path) for path in job.input.get(kind, [])] for kind in job.params.kinds}
    score_all(rows, job.params.fixed, Path(job.output.scores), Path(job.output.settings))


if __name__ == "__main__":
    run(main, snakemake)
