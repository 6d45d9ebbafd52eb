"""Write one table: published rows beside reproduced ones."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.render import render_table


def main(job) -> None:
    render_table(
        [Path(path) for path in job.input.rows],
        [Path(path) for path in job.input.splits],
        Path(job.input.published),
        job.params.kind,
        job.params.title,
        job.params.methods,
        job.params.transposed,
        Path(job.output[0]).with_suffix(""),
        f"snakemake {job.rule}",
    )


if __name__ == "__main__":
    run(main, snakemake)
