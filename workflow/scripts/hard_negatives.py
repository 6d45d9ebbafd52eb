"""Measure on the embeddings of one method how hard its mixed negatives are."""

from relamp.evaluate.theorem import hard_negatives
from relamp.runtime.job import run

if __name__ == "__main__":
    run(hard_negatives, snakemake)
