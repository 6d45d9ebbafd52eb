"""Show what choosing on test scores adds."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.compare import show_leakage


def main(job) -> None:
    figure, table = Path(job.output.figure[0]), Path(job.output.table[0])
    show_leakage(Path(job.input.scores), figure.with_suffix(""), table.with_suffix(""), f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
