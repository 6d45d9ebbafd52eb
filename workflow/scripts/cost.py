"""Print what the configuration costs before it runs."""

from relamp.tools.cost import print_costs
from relamp.runtime.job import run

run(print_costs, snakemake)
