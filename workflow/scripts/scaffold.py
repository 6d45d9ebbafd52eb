"""Fix the scaffold split of one molecular data set."""

from relamp.data.jobs import scaffold
from relamp.runtime.job import run

run(scaffold, snakemake)
