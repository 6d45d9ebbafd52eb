"""Fine-tune one pre-trained encoder on one data set, for every seed."""

from relamp.runtime.job import run
from relamp.train.jobs import finetune

if __name__ == "__main__":
    run(finetune, snakemake)
