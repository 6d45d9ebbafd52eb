"""Write what jobs used of what they asked for."""

from relamp.tools.efficiency import write_efficiency
from relamp.runtime.job import run

run(write_efficiency, snakemake)
