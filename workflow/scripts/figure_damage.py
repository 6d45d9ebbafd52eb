"""Draw Fig. 2."""

from pathlib import Path

from relamp.data.rows import read_rows
from relamp.render.damage import damage_figure
from relamp.render.sidecar import save_drawn
from relamp.runtime.job import run


def main(job) -> None:
    rows = [Path(path) for path in job.input.rows]
    save_drawn(damage_figure(read_rows(rows)), Path(job.output[0]).with_suffix(""), rows, f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
