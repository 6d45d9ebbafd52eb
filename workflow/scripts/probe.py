"""Score the node embeddings of one method by linear probes."""

from pathlib import Path

from relamp.job import run
from relamp.steps.node_rows import probe_embeddings


def main(job) -> None:
    probe_embeddings(
        Path(job.input.data),
        dict(zip(job.params.seeds, map(Path, job.input.embeddings), strict=True)),
        job.params.labels,
        job.params.protocol,
        Path(job.output[0]),
    )


if __name__ == "__main__":
    run(main, snakemake)
