"""Score one or several runs on one data set by one evaluation."""

from relamp.evaluate.jobs import score
from relamp.runtime.job import run

run(score, snakemake)
