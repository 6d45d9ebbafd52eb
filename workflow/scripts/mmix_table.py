"""Write one table of M-Mix: published rows beside reproduced ones."""

from pathlib import Path

from relamp.runtime.job import run
from relamp.steps.mmix_tables import render_mmix_table


def main(job) -> None:
    rows = {kind: [Path(path) for path in job.input.get(kind, [])] for kind in job.params.kinds}
    stem, command = Path(job.output[0]).with_suffix(""), f"snakemake {job.params.name}"
    render_mmix_table(rows, Path(job.input.published), job.params.title, job.params.methods, stem, command)


if __name__ == "__main__":
    run(main, snakemake)
