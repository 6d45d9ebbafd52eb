"""Print how far jobs are."""

from relamp.tools.progress import print_progress
from relamp.runtime.job import run

run(print_progress, snakemake)
