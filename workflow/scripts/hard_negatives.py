"""Draw how hard mixed negatives are, by who gets which weight."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.hard_negatives import draw_hard_negatives


def main(job) -> None:
    rows, draws = ([Path(path) for path in paths] for paths in (job.input.rows, job.input.draws))
    draw_hard_negatives(rows, draws, Path(job.output[0]).with_suffix(""), f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
