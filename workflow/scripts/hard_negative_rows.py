"""Measure on the embeddings of one method how hard its mixed negatives are."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.hard_negative_rows import score_hard_negatives


def main(job) -> None:
    score_hard_negatives(
        Path(job.input.data),
        dict(zip(job.params.seeds, map(Path, job.input.embeddings), strict=True)),
        dict(zip(job.params.seeds, map(Path, job.input.encoders), strict=True)),
        job.params.labels,
        job.params.settings,
        Path(job.output.rows),
        Path(job.output.draws),
        job.params.permutations,
        job.params.anchors,
    )


if __name__ == "__main__":
    run(main, snakemake)
