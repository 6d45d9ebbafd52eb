"""Write the table of all data sets."""

from pathlib import Path

from relamp.render.data_table import data_table
from relamp.render.sidecar import write_sidecar
from relamp.runtime.files import read_json
from relamp.runtime.job import run


def main(job) -> None:
    reports, stem = [Path(path) for path in job.input.reports], Path(job.output[0]).with_suffix("")
    data_table([read_json(path) for path in reports]).write(stem)
    write_sidecar(stem.with_suffix(".json"), reports, f"snakemake {job.rule}")


if __name__ == "__main__":
    run(main, snakemake)
