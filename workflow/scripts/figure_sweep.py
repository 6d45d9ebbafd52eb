"""Draw Fig. 4 or 5."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.render import render_sweep


def main(job) -> None:
    render_sweep(
        [Path(path) for path in job.input.rows],
        [Path(path) for path in job.input.references],
        job.params.parameter,
        Path(job.output[0]).with_suffix(""),
        f"snakemake {job.rule}",
    )


if __name__ == "__main__":
    run(main, snakemake)
