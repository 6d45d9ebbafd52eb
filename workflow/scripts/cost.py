"""Print what the configuration costs before it runs."""

from relamp.runtime.job import run
from relamp.tools.cost import print_costs

if __name__ == "__main__":
    run(print_costs, snakemake)
