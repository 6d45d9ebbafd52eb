"""Find or download the raw files of one data set."""

from relamp.data.jobs import fetch
from relamp.runtime.job import run

if __name__ == "__main__":
    run(fetch, snakemake)
