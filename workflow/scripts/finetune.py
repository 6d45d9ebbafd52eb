"""Fine-tune one pre-trained encoder on one data set, for every seed."""

from relamp.train.jobs import finetune
from relamp.runtime.job import run

run(finetune, snakemake)
