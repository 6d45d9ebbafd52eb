"""Write the report of all figures, tables and pages."""

from relamp.runtime.job import run
from relamp.tools.report import write_report

run(write_report, snakemake)
