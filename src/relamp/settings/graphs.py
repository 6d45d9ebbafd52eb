"""Settings of single steps: what a job gets to know. Every field is an option of config.yaml."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from relamp.settings.base import Count, Epoch, Positive, Ratio, Settings, reached, with_the_last
from relamp.settings.mixing import MixSettings

Augmentation = Literal["node_drop", "edge_perturbation", "subgraph", "attribute_masking"]
Reading = Literal["paper", "code"]


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
        reading: the papers' words or the public code's behaviour, see `relamp.augment.graphs`.
        views: augment both branches, or leave the first as it is, as the public code does.
    """

    augmentations: tuple[Augmentation, ...] = Field(default=("node_drop", "subgraph"), min_length=1)
    strength: Ratio = 0.2
    reading: Reading = "paper"
    views: Literal["both", "one"] = "both"


class MmixTraining(Settings):
    """What M-Mix trains by in place of the settings that all methods share; the defaults are its public code's.

    Attributes:
        epochs, checkpoints, batch_size, learning_rate: see `Pretraining`; the last epoch is always a checkpoint.
        hidden: width of each branch.
    """

    epochs: Epoch = 200
    checkpoints: tuple[Epoch, ...] = Field(default=(0, 100, 200), validate_default=True)
    batch_size: Annotated[int, Field(ge=2)] = 256
    learning_rate: Positive = 3e-4
    hidden: Count = 512

    @field_validator("checkpoints")
    @classmethod
    def _reach_the_last(cls, checkpoints: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        last = info.data.get("epochs")
        return reached(with_the_last(checkpoints, last), last)


class MmixOptions(Settings):
    """M-Mix between graphs and its host MVGRL; where paper and public code disagree, the paper is the default.

    Attributes:
        training: what these methods train by in place of the shared settings; None leaves those in force.
        features: one-hot node labels, a constant where a data set has none ("labels", as for all other methods);
            there, one-hot degrees instead ("labels-or-degrees"); or both side by side for every data set
            ("labels-and-degrees", MVGRL's public code, on which M-Mix's builds).
        max_degree: nodes of this degree and of any higher one share a category.
        diffusion: operator of branch b; "adjacency" is what M-Mix's code really takes for its graphs.
        alpha: restart probability of "ppr".
        time: diffusion time of "heat".
        mix: how samples are mixed.
        negatives: a node's negatives are the nodes of its own graph (J_node(G_i) in Eq. 11) or of the whole batch
            (the code).
        sample_size: nodes of a batch that are contrasted in a step where `negatives` is "batch".
        temperature: tau of M-Mix's objectives.
        branch: graph embeddings of branch a, of branch b, their sum (the code) or their average (Table 6).
        pooling: of nodes into the embedding of a graph. The paper says READOUT; M-Mix's code takes the mean over nodes
            that are padded to those of the largest graph, which is a sum but for a factor. Its objectives cannot tell
            the two apart; a classifier can, and MVGRL's own objective, for which MVGRL's code takes the sum.
        readout: branch a's embedding is what it encodes ("encoder", z in the paper), or what is contrasted, after
            mixing and g ("output", the code).
    """

    training: MmixTraining | None = None
    features: Literal["labels", "labels-or-degrees", "labels-and-degrees"] = "labels"
    max_degree: Count = 128
    diffusion: Literal["ppr", "heat", "adjacency"] = "ppr"
    alpha: Annotated[float, Field(gt=0, le=1)] = 0.2
    time: Positive = 5.0
    mix: MixSettings = MixSettings()
    negatives: Literal["graph", "batch"] = "graph"
    sample_size: Annotated[int, Field(ge=2)] = 5000
    temperature: Annotated[float, Field(ge=0.025)] = 1.0
    branch: Literal["sum", "average", "a", "b"] = "sum"
    pooling: Literal["mean", "sum"] = "sum"
    readout: Literal["encoder", "output"] = "encoder"


class Pretraining(Settings):
    """Pre-training, the same for all methods but for their own options.

    Attributes:
        epochs: passes over the data.
        checkpoints: epochs whose embeddings are kept; 0 is before any training.
        batch_size: graphs per step.
        learning_rate: of Adam.
        hidden, layers: shape of the encoder.
        temperature: tau of all contrastive losses.
        directions: contrast view 1 with 2 and 2 with 1 ("both", the papers), or the first alone (GraphCL's code).
        shuffle: draw the order of the graphs once, or anew each epoch.
        self_loops: add (n, n) to no node, to all, or to all but each graph's last (GraphCL's code).
        local_nodes: N_s, nodes sampled of a batch for LAMP's local loss.
        mmix: options of M-Mix's methods, among them what they train by in place of the above.
    """

    epochs: Epoch = 20
    checkpoints: tuple[Epoch, ...] = Field(default=(0, 10, 20), validate_default=True)
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
    mmix: MmixOptions = MmixOptions()

    @field_validator("checkpoints")
    @classmethod
    def _are_reached(cls, checkpoints: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        return reached(checkpoints, info.data.get("epochs"))


class SvmProtocol(Settings):
    """The support vector machine's cross-validation.

    Attributes:
        folds: outer folds, stratified.
        inner_folds: folds inside the training part, by which C is chosen.
        C: candidates.
        kernel: of embeddings: "rbf" (GraphCL, LAMP) or "linear" (M-Mix).
    """

    folds: Annotated[int, Field(ge=2)] = 10
    inner_folds: Annotated[int, Field(ge=2)] = 5
    C: tuple[Positive, ...] = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3)
    kernel: Literal["rbf", "linear"] = "rbf"


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
        batch_size: molecules per step.
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


class EditDistanceProtocol(Settings):
    """Graph edit distance (M-Mix Table 10), see `relamp.evaluate.edit_distance`.

    Attributes:
        nodes: n, so many first nodes of each graph are kept.
        graphs: triplets; one for each graph that is drawn.
        pad: graphs with fewer nodes get isolated ones, as in M-Mix's code, whose arrays are padded.
        substitutions: edges that are substituted in the positive and in the negative graph.
        wl_iterations: rounds of the Weisfeiler-Leman kernel.
        normalise: compare kernels by their cosine, as embeddings are; M-Mix's code takes their plain values.
    """

    nodes: tuple[Annotated[int, Field(ge=4)], ...] = (50, 20, 15, 10)
    graphs: Count = 1000
    pad: bool = False
    substitutions: tuple[Count, Count] = (1, 2)
    wl_iterations: Count = 5
    normalise: bool = True
