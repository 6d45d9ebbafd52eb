"""Fine-tune one pre-trained encoder on one data set, for every seed."""

from relamp.runtime.job import run
from relamp.train.jobs import finetune

run(finetune, snakemake)
