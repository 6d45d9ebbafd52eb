"""Draw Fig. 2."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.render import render_damage


def main(job) -> None:
    render_damage([Path(path) for path in job.input.rows], Path(job.output[0]).with_suffix(""), f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
