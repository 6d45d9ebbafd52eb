"""Score the node embeddings of several methods on one data set by k-means clustering."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.node_rows import cluster_runs


def main(job) -> None:
    cluster_runs(
        Path(job.input.data),
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
