"""Compare all pairs of methods, and rank them."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.compare import compare_methods


def main(job) -> None:
    figure, table = Path(job.output.figure[0]).with_suffix(""), Path(job.output.table[0]).with_suffix("")
    compare_methods(Path(job.input.scores), job.params.judging, figure, table, f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
