"""Print what the configuration costs before it runs."""

from relamp.runtime.job import run
from relamp.tools.cost import print_costs

run(print_costs, snakemake)
