"""Make one figure, table or page by the function that its record names."""

from relamp.runtime.job import named, run

if __name__ == "__main__":
    run(named(snakemake.params.call), snakemake)
