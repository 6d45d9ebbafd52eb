"""Settings of fine-tuning on molecules."""

from typing import Literal

from relamp.settings.base import AtLeastTwo, Count, Positive, Ratio, Seed, Settings
from relamp.settings.graphs import Initialisation, Pretraining, SimgraceOptions

Split = Literal["scaffold", "random-scaffold", "random"]


class MolecularSimgrace(SimgraceOptions):
    """Options of SimGRACE on molecules."""

    eta: Positive = 0.1
    """Scale of the Gaussian noise on the weights of the second branch (eta of SimGRACE), as in its code."""
    anchor: Literal["clean", "perturbed"] = "clean"
    """Branch whose graphs are contrasted with those of the other if directions is one."""


class MolecularPretraining(Pretraining):
    """Pre-training on molecules."""

    initialisation: Initialisation = "pytorch"
    """First weights of all linear layers, the projection head's among them: PyTorch's default, weights and biases from
    U(-1 / sqrt(fan_in), 1 / sqrt(fan_in)) (pytorch, the public code on molecules), or Xavier uniform with biases of
    zero (xavier)."""
    simgrace: MolecularSimgrace = MolecularSimgrace()
    """Options of SimGRACE."""


class Finetuning(Settings):
    """Fine-tuning of a molecular encoder on labelled molecules (LAMP Table 2)."""

    epochs: Count = 100
    """Passes over the training molecules."""
    batch_size: AtLeastTwo = 32
    """Molecules per step."""
    learning_rate: Positive = 0.001
    """Learning rate of Adam, the same for encoder and head."""
    dropout: Ratio = 0.5
    """Dropout rate after each layer of the encoder."""
    initialisation: Initialisation = "pytorch"
    """First weights of the linear layer on top of the encoder, and of the encoder itself if nothing was pre-trained:
    as in pre-training."""


class DrawnFinetuning(Finetuning):
    """Fine-tuning in a split that is drawn; the scaffold split, which is none, has no such options."""

    split: Split = "scaffold"
    """How molecules are split, see `transfer.split`."""
    split_seed: Seed | Literal["each"] = 0
    """Seed of the split, or one split for each seed of fine-tuning (each)."""
