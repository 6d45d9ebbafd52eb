"""Fix the outer folds of one data set for every seed."""

from relamp.data.jobs import folds
from relamp.runtime.job import run

if __name__ == "__main__":
    run(folds, snakemake)
