"""Call the function that a rule names, with the rule's words."""

from relamp.runtime.job import named, run

if __name__ == "__main__":
    run(named(snakemake.params.call), snakemake)
