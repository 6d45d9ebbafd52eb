"""Embed the triplets of the graph edit distance by one method's encoders."""

from relamp.runtime.job import run
from relamp.train.jobs import embed_edits

if __name__ == "__main__":
    run(embed_edits, snakemake)
