"""Measure what pruned encoders of one method, and the graphs that are augmented, keep of information."""

from relamp.runtime.job import run
from relamp.train.information import information

if __name__ == "__main__":
    run(information, snakemake)
