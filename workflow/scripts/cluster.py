"""Score the node embeddings of one method by k-means clustering."""

from pathlib import Path

from relamp.job import run
from relamp.steps.node_rows import cluster_embeddings


def main(job) -> None:
    cluster_embeddings(
        Path(job.input.data),
        dict(zip(job.params.seeds, map(Path, job.input.embeddings), strict=True)),
        job.params.labels,
        job.params.protocol,
        Path(job.output[0]),
    )


if __name__ == "__main__":
    run(main, snakemake)
