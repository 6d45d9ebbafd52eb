"""Fix the scaffold split of one molecular data set."""

from relamp.data.jobs import scaffold
from relamp.runtime.job import run

if __name__ == "__main__":
    run(scaffold, snakemake)
