"""Draw accuracy against sample size and output dimension."""

from pathlib import Path

from relamp.data.rows import read_rows
from relamp.render.sample_sizes import sample_size_figure
from relamp.render.sidecar import save_drawn
from relamp.runtime.job import run


def main(job) -> None:
    rows = [Path(path) for path in job.input.rows]
    points = [{"sample_size": samples, "hidden": dimension} for samples, dimension in job.params.settings]
    save_drawn(
        sample_size_figure(read_rows(rows, points)), Path(job.output[0]).with_suffix(""), rows, f"snakemake {job.rule}"
    )


if __name__ == "__main__":
    run(main, snakemake)
