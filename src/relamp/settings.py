"""Settings of single steps: what a job gets to know. Every field is an option of config.yaml."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

Ratio = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Augmentation = Literal["node_drop", "edge_perturbation", "subgraph", "attribute_masking"]
Reading = Literal["paper", "code"]


class Settings(BaseModel):
    """Base of all settings: frozen, and strict about keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LampOptions(Settings):
    """What the LAMP paper leaves open.

    Attributes:
        pruned_gradient: gradient flows through the pruned branch too, since the weights are shared.
        prune_scope: rank weights within each matrix ("layer") or over the whole encoder.
        node_embedding: the local loss sees all layers concatenated, or the last.
        own_statistics: the pruned branch does not move the running BatchNorm statistics.
    """

    pruned_gradient: bool = True
    prune_scope: Literal["layer", "encoder"] = "layer"
    node_embedding: Literal["concat", "last"] = "concat"
    own_statistics: bool = False


class SimgraceOptions(Settings):
    """SimGRACE's scale of the weight noise."""

    eta: Positive = 1.0


class GraphclOptions(Settings):
    """GraphCL's views.

    Attributes:
        augmentations: one of these is drawn for each graph and view.
        strength: share of nodes or edges that is altered.
        reading: the papers' words or the public code's behaviour, see `relamp.graph.augment`.
        views: augment both branches, or leave the first as it is, as the public code does.
    """

    augmentations: tuple[Augmentation, ...] = Field(default=("node_drop", "subgraph"), min_length=1)
    strength: Ratio = 0.2
    reading: Reading = "paper"
    views: Literal["both", "one"] = "both"


class Pretraining(Settings):
    """Pre-training, the same for all methods but for their own options.

    Attributes:
        epochs: passes over the data.
        checkpoints: epochs whose embeddings are kept; 0 is before any training.
        batch_size: graphs a step.
        learning_rate: of Adam.
        hidden, layers: shape of the encoder.
        temperature: tau of all contrastive losses.
        directions: contrast view 1 with 2 and 2 with 1 ("both", the papers), or the first alone (GraphCL's code).
        shuffle: draw the order of the graphs once, or anew each epoch.
        self_loops: add (n, n) to no node, to all, or to all but each graph's last (GraphCL's code).
        local_nodes: N_s, nodes sampled of a batch for LAMP's local loss.
    """

    epochs: Annotated[int, Field(ge=0)] = 20
    checkpoints: tuple[Annotated[int, Field(ge=0)], ...] = Field(default=(0, 10, 20), validate_default=True)
    batch_size: Annotated[int, Field(ge=2)] = 128
    learning_rate: Positive = 0.01
    hidden: Count = 32
    layers: Count = 3
    temperature: Annotated[float, Field(ge=0.025)] = 0.2
    directions: Literal["both", "one"] = "both"
    shuffle: Literal["once", "epoch"] = "once"
    self_loops: Literal["none", "all", "all-but-last"] = "none"
    local_nodes: Annotated[int, Field(ge=2)] = 5000
    lamp: LampOptions = LampOptions()
    simgrace: SimgraceOptions = SimgraceOptions()
    graphcl: GraphclOptions = GraphclOptions()

    @field_validator("checkpoints")
    @classmethod
    def _are_reached(cls, checkpoints: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        # Of the field, not of the whole: so it is told together with the faults of other fields.
        last = info.data.get("epochs")
        late = [epoch for epoch in checkpoints if last is not None and epoch > last]
        if late:
            raise ValueError(f"beyond the last epoch, {last}: {', '.join(map(str, late))}")
        return checkpoints


class SvmProtocol(Settings):
    """The support vector machine's cross-validation.

    Attributes:
        folds: outer folds, stratified.
        inner_folds: folds inside the training part, by which C is chosen.
        C: candidates.
    """

    folds: Annotated[int, Field(ge=2)] = 10
    inner_folds: Annotated[int, Field(ge=2)] = 5
    C: tuple[Positive, ...] = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3)


class Kernels(Settings):
    """Graph kernels, evaluated in the same folds.

    Attributes:
        wl_iterations: rounds of Weisfeiler-Leman refinement.
        graphlet_size: nodes of a graphlet.
    """

    wl_iterations: Count = 3
    graphlet_size: Annotated[int, Field(ge=3, le=5)] = 3


class Finetuning(Settings):
    """Fine-tuning of a molecular encoder on labelled molecules.

    Attributes:
        epochs: passes over the training molecules.
        batch_size: molecules a step.
        learning_rate: of Adam, the same for encoder and head.
        dropout: after each layer of the encoder.
    """

    epochs: Count = 100
    batch_size: Annotated[int, Field(ge=2)] = 32
    learning_rate: Positive = 0.001
    dropout: Ratio = 0.5


class DamageProtocol(Settings):
    """Structural damage (LAMP Fig. 2).

    Attributes:
        augmentations: what is done to the graphs.
        readings: in which readings.
        strength: share of nodes or edges.
        draws: times each graph is augmented.
    """

    augmentations: tuple[Augmentation, ...] = ("node_drop", "edge_perturbation", "subgraph")
    readings: tuple[Reading, ...] = ("paper", "code")
    strength: Annotated[float, Field(gt=0, lt=1)] = 0.2
    draws: Count = 5
