"""Settings of pre-training and fine-tuning on molecules, and of the controls beside them."""

from typing import Literal

from relamp.settings.base import AtLeastTwo, Count, Positive, Ratio, Settings
from relamp.settings.graphs import Initialisation, Pretraining, SimgraceOptions


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


class FingerprintForest(Settings):
    """The control ecfp: a random forest on fingerprints, which are structure alone and need no network."""

    radius: Count = 2
    """Bonds from an atom to the rim of the neighbourhood that a bit stands for; 2 makes ECFP4."""
    bits: Count = 2048
    """Length of a fingerprint; neighbourhoods may share a bit."""
    chirality: bool = False
    """Whether neighbourhoods differ by the chirality of their atoms; not in ECFP as RDKit makes it."""
    trees: Count = 500
    """Trees of a forest; each task has one of its own."""
    class_weight: Literal["balanced", "balanced_subsample", "none"] = "balanced"
    """Weigh both classes of a task alike in all trees (balanced) or by what each tree draws (balanced_subsample), or
    each molecule alike (none)."""


class FrozenProbe(Settings):
    """The control frozen-untrained: a logistic regression on the standardised embeddings of an untrained encoder."""

    C: Positive = 1.0
    """Inverse of the strength of the penalty on squared weights."""
    steps: Count = 1000
    """Most steps of the solver."""


class UntrainedProbe(FrozenProbe):
    """The same with the encoder, which is as fine-tuning without pre-training draws it."""

    hidden: Count = 300
    """Width of the encoder."""
    layers: Count = 5
    """Number of layers of the encoder."""
    initialisation: Initialisation = "pytorch"
    """First weights of the encoder."""


class TransferControls(Settings):
    """Controls of transfer learning, which pre-train nothing."""

    ecfp: FingerprintForest = FingerprintForest()
    """Options of ecfp alone."""
    frozen_untrained: FrozenProbe = FrozenProbe()
    """Options of frozen-untrained alone."""
