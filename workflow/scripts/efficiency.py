"""Write what jobs used of what they asked for."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.tools.efficiency import write_efficiency


def main(job) -> None:
    stem = Path(job.output[0]).with_suffix("")
    given = job.params
    write_efficiency(given.snakefile, job.config, given.targets, given.cores, stem)


if __name__ == "__main__":
    run(main, snakemake)
