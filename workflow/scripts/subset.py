"""Draw a subset of a packed corpus."""

from relamp.data.jobs import subset
from relamp.runtime.job import run

if __name__ == "__main__":
    run(subset, snakemake)
