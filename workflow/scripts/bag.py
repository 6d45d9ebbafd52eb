"""Score the bag of node labels or degrees by support vector machines."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.bag import score_bag


def main(job) -> None:
    score_bag(
        Path(job.input.data),
        dict(zip(job.params.seeds, map(Path, job.input.folds), strict=True)),
        job.params.protocol,
        Path(job.output[0]),
    )


if __name__ == "__main__":
    run(main, snakemake)
