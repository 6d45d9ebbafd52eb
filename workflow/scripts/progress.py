"""Print how far tables and jobs are."""

from relamp.runtime.job import run
from relamp.tools.progress import print_progress

if __name__ == "__main__":
    run(print_progress, snakemake)
