"""Embed the triplets of the graph edit distance by one method's encoders."""

from relamp.train.jobs import embed_edits
from relamp.runtime.job import run

run(embed_edits, snakemake)
