"""Measure what augmentations do to the structural entropy of one data set."""

from relamp.graph.jobs import damage
from relamp.runtime.job import run

if __name__ == "__main__":
    run(damage, snakemake)
