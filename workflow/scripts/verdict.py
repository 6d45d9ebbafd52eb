"""Print the verdicts, and fail where the configuration does not accept one."""

from relamp.artifacts.verdict import print_verdicts
from relamp.runtime.job import run

if __name__ == "__main__":
    run(print_verdicts, snakemake)
