"""Write one of LAMP's tables: published rows beside reproduced ones."""

from pathlib import Path

from relamp.data.rows import read_rows
from relamp.judge.measured import KINDS
from relamp.judge.published import load_published
from relamp.render.sidecar import write_sidecar
from relamp.render.tables import render_table
from relamp.runtime.job import run


def main(job) -> None:
    rows, splits = ([Path(path) for path in paths] for paths in (job.input.rows, job.input.splits))
    published, stem = Path(job.input.published), Path(job.output[0]).with_suffix("")
    printed = load_published(published.parent, published.stem)
    stored = {KINDS[job.params.kind]: read_rows(rows)}
    render_table(stored, printed, job.params.title, job.params.methods, job.params.transposed).write(stem)
    write_sidecar(stem.with_suffix(".json"), [published, *splits, *rows], f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
