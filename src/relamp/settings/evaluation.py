"""Settings of what is measured: each evaluation's protocol, and that of structural damage."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from relamp.settings.base import Count, Positive, Settings
from relamp.settings.graphs import Augmentation, Reading


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


class ProbeProtocol(Settings):
    """Linear probe: logistic regression by Adam on frozen embeddings.

    Attributes:
        runs: first weights, and splits where they are drawn.
        steps, learning_rate, weight_decay: of Adam; the public code decays on Citeseer only, by 0.01.
        split: the data set's public one, or one drawn for each run.
        shares: of training and validation where the split is drawn (GRACE: 10 and 10 %, 80 % for testing).
    """

    runs: Count = 50
    steps: Count = 300
    learning_rate: Positive = 0.01
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    split: Literal["public", "random"] = "public"
    shares: tuple[Annotated[float, Field(gt=0, lt=1)], Annotated[float, Field(ge=0, lt=1)]] = (0.1, 0.1)

    @field_validator("shares")
    @classmethod
    def _leave_some(cls, shares: tuple[float, float]) -> tuple[float, float]:
        if sum(shares) >= 1:
            raise ValueError("nothing is left to test on")
        return shares


class ClusterProtocol(Settings):
    """Node clustering by k-means.

    Attributes:
        runs: repetitions, each with other first centres.
        starts: times k-means starts in a run; the best one counts.
    """

    runs: Count = 10
    starts: Count = 10


class ImageProbe(Settings):
    """The linear classifier on frozen features, see `relamp.evaluate.linear_probe`.

    Attributes:
        scaling: features are standardised by the training images, brought to length 1 (the public code that M-Mix
            builds on), or left as they are.
        runs: classifiers a set of features, which differ in the weights they start from.
        steps, learning_rate, weight_decay: of Adam, all training images a step.
    """

    scaling: Literal["standard", "length", "none"] = "standard"
    runs: Count = 1
    steps: Count = 300
    learning_rate: Positive = 0.01
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
