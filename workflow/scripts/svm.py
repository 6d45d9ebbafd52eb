"""Score the embeddings of one method at one setting by support vector machines."""

from pathlib import Path

from relamp.job import run
from relamp.steps.svm import score_embeddings


def main(job) -> None:
    score_embeddings(
        Path(job.input.data),
        dict(zip(job.params.seeds, map(Path, job.input.embeddings), strict=True)),
        dict(zip(job.params.seeds, map(Path, job.input.folds), strict=True)),
        job.params.labels,
        job.params.protocol,
        Path(job.output[0]),
    )


if __name__ == "__main__":
    run(main, snakemake)
