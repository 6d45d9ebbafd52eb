"""Draw Fig. 4 or 5."""

from pathlib import Path

from relamp.data.rows import read_rows
from relamp.render.sidecar import save_drawn
from relamp.render.sweep import sweep_figure
from relamp.runtime.job import run


def main(job) -> None:
    rows = [Path(path) for path in [*job.input.rows, *job.input.references]]
    drawn = sweep_figure(read_rows(rows), job.params.parameter, job.params.methods)
    save_drawn(drawn, Path(job.output[0]).with_suffix(""), rows, f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
