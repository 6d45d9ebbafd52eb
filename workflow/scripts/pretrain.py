"""Pre-train one method at one or several settings on one data set, for every seed."""

from relamp.runtime.job import run
from relamp.train.jobs import pretrain

if __name__ == "__main__":
    run(pretrain, snakemake)
