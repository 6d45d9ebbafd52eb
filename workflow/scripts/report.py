"""Write the report of all figures, tables and pages."""

from relamp.tools.report import write_report
from relamp.runtime.job import run

run(write_report, snakemake)
