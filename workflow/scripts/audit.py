"""Check the papers' own arithmetic."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.judge import audit_papers


def main(job) -> None:
    audit_papers(Path(job.input.published[0]).parent, Path(job.output.csv), Path(job.output.md))


if __name__ == "__main__":
    run(main, snakemake)
