"""Write the report of all figures, tables and pages."""

from relamp.runtime.job import run
from relamp.tools.report import write_report

if __name__ == "__main__":
    run(write_report, snakemake)
