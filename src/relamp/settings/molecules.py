"""Settings of pre-training and fine-tuning on molecules, and of the controls beside them."""

from typing import Annotated, Literal

from pydantic import Field

from relamp.settings.base import AtLeastTwo, Count, NotNegative, Positive, Ratio, Seed, Settings, Share
from relamp.settings.graphs import Initialisation, Pretraining, SimgraceOptions

Split = Literal["scaffold", "random-scaffold", "random"]


class MolecularSimgrace(SimgraceOptions):
    """Options of SimGRACE on molecules."""

    eta: Positive = 0.1
    """Scale of the Gaussian noise on the weights of the second branch (eta of SimGRACE), as in its code."""
    anchor: Literal["clean", "perturbed"] = "clean"
    """Branch whose graphs are contrasted with those of the other if directions is one."""


class AttrMaskingOptions(Settings):
    """Options of attribute masking."""

    masked: Ratio = 0.15
    """Share of the atoms of each molecule that are hidden, cut off to a whole number, and one more."""


class ContextPredOptions(Settings):
    """Options of context prediction."""

    width: Count = 3
    """Bonds that a context spans, from the last atoms of a neighbourhood outwards, those to them included; and layers
    of the network that embeds it."""


class GraphmaeOptions(Settings):
    """Options of GraphMAE."""

    masked: Ratio = 0.25
    """Share of the atoms of each molecule that are hidden, cut off to a whole number, and one more."""
    exponent: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0
    """Power of the cosine error: above 1 what is nearly right weighs less (gamma of GraphMAE)."""


class DslaOptions(Settings):
    """Options of D-SLA."""

    hops: Count = 3
    """Bonds from a drawn atom to the last atoms of the part that is perturbed."""
    edges: Share = 0.2
    """Share of the bonds of that part that the first perturbed molecule has elsewhere, cut off but at least one; the
    second has twice as many, the third three times, and the strongly perturbed one four times of all bonds."""
    masked: Ratio = 0.8
    """Share of the atoms of that part, of the strongly perturbed one of all atoms, that are hidden."""
    edit: NotNegative = 0.7
    """Weight of the loss by which distances follow the numbers of changed bonds."""
    contrast: NotNegative = 0.5
    """Weight of the loss by which other molecules are further than perturbed ones."""
    margin: NotNegative = 5.0
    """How much further."""


class MolecularPretraining(Pretraining):
    """Pre-training on molecules."""

    initialisation: Initialisation = "pytorch"
    """First weights of all linear layers, the projection head's among them: PyTorch's default, weights and biases from
    U(-1 / sqrt(fan_in), 1 / sqrt(fan_in)) (pytorch, the public code on molecules), or Xavier uniform with biases of
    zero (xavier)."""
    simgrace: MolecularSimgrace = MolecularSimgrace()
    """Options of SimGRACE."""
    attrmasking: AttrMaskingOptions = AttrMaskingOptions()
    """Options of attribute masking."""
    contextpred: ContextPredOptions = ContextPredOptions()
    """Options of context prediction."""
    graphmae: GraphmaeOptions = GraphmaeOptions()
    """Options of GraphMAE."""
    dsla: DslaOptions = DslaOptions()
    """Options of D-SLA."""


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


class DrawnSplit(Settings):
    """How a split is drawn; the scaffold split, which is none, has no such options."""

    split: Split = "scaffold"
    """How molecules are split, see `transfer.split`."""
    split_seed: Seed | Literal["each"] = 0
    """Seed of the split, or one split for each seed of fine-tuning (each)."""


class DrawnFinetuning(Finetuning, DrawnSplit):
    """Fine-tuning in a split that is drawn."""


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
    """The controls frozen-untrained and frozen-calibrated: a logistic regression on the standardised embeddings of an
    untrained encoder."""

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
    frozen_calibrated: FrozenProbe = FrozenProbe()
    """Options of frozen-calibrated alone."""
