"""Draw which images were mixed into which."""

from pathlib import Path

from relamp.data.rows import read_rows
from relamp.render.picture_grid import picture_grid
from relamp.render.sidecar import save_drawn
from relamp.runtime.job import run


def main(job) -> None:
    data, mixed, options = Path(job.input.data), Path(job.input.mixed), job.params
    drawn = picture_grid(data, read_rows([mixed]), options.anchors, options.partners, options.skip)
    save_drawn(drawn, Path(job.output[0]).with_suffix(""), [data, mixed], f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
