"""Pre-train one method at one or several settings on one data set, for every seed."""

from relamp.train.jobs import pretrain
from relamp.runtime.job import run

run(pretrain, snakemake)
