"""Score one or several runs on one data set by one evaluation."""

from relamp.evaluate.jobs import score
from relamp.runtime.job import run

if __name__ == "__main__":
    run(score, snakemake)
