"""Draw how hard mixed negatives are, by who gets which weight."""

from pathlib import Path

from relamp.data.rows import read_rows
from relamp.render.hard_negatives import hard_negatives_figure
from relamp.render.sidecar import save_drawn
from relamp.runtime.job import run


def main(job) -> None:
    rows, draws = ([Path(path) for path in paths] for paths in (job.input.rows, job.input.draws))
    drawn = hard_negatives_figure(read_rows(rows), read_rows(draws))
    save_drawn(drawn, Path(job.output[0]).with_suffix(""), [*rows, *draws], f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
