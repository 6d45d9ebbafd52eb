"""Score the node embeddings of one or several runs on one data set by linear probes."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.node_rows import probe_runs


def main(job) -> None:
    probe_runs(
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
