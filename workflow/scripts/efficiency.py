"""Write what jobs used of what they asked for."""

from relamp.runtime.job import run
from relamp.tools.efficiency import write_efficiency

if __name__ == "__main__":
    run(write_efficiency, snakemake)
