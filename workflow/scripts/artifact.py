"""Make one figure, table or page by the function that its record names."""

from relamp.runtime.job import named, run

run(named(snakemake.params.call), snakemake)
