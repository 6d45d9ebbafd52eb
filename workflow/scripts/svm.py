"""Score the embeddings of one or several runs on one data set by support vector machines."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.svm import score_runs


def main(job) -> None:
    score_runs(
        Path(job.input.data),
        folds=list(map(Path, job.input.folds)),
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
