"""Write one table of M-Mix: published rows beside reproduced ones."""

from pathlib import Path

from relamp.data.rows import read_rows
from relamp.judge.measured import KINDS
from relamp.judge.published import load_published
from relamp.render.sidecar import write_sidecar
from relamp.render.tables import render_table
from relamp.runtime.job import run


def main(job) -> None:
    rows = {KINDS[kind]: [Path(path) for path in job.input.get(kind, [])] for kind in job.params.kinds}
    published, stem = Path(job.input.published), Path(job.output[0]).with_suffix("")
    printed = load_published(published.parent, published.stem)
    stored = {name: read_rows(paths) for name, paths in rows.items()}
    render_table(stored, printed, job.params.title, job.params.methods).write(stem)
    inputs = [published, *(path for paths in rows.values() for path in paths)]
    write_sidecar(stem.with_suffix(".json"), inputs, f"snakemake {job.params.name}")


if __name__ == "__main__":
    run(main, snakemake)
