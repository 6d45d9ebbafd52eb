"""Print the verdicts, and fail where the configuration does not put up with one."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.judge import print_verdicts


def main(job) -> None:
    print_verdicts(Path(job.input.cells), Path(job.input.claims), Path(job.input.page), job.params.fail_on)


if __name__ == "__main__":
    run(main, snakemake)
