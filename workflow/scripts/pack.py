"""Verify, read and pack one data set."""

from relamp.data.jobs import pack
from relamp.runtime.job import run

if __name__ == "__main__":
    run(pack, snakemake)
