"""Score one method or graph kernel against the graph edit distance."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.edit_distance import score_edit_distance


def main(job) -> None:
    embeddings = map(Path, job.input.get("embeddings", []))  # a kernel has none
    score_edit_distance(
        Path(job.input.data),
        job.params.seeds,
        dict(zip(job.params.seeds, embeddings, strict=False)),
        job.params.labels,
        job.params.protocol,
        Path(job.output[0]),
    )


if __name__ == "__main__":
    run(main, snakemake)
