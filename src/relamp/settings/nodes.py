"""Settings of node-level pre-training and of what is measured on its embeddings. This file imports no torch."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from relamp.settings.base import Count, Epoch, Positive, Ratio, Settings, reached
from relamp.settings.mixing import MixSettings

Branch = Literal["a", "b", "average", "concat"]


class DiffusionSettings(Settings):
    """The operator of MVGRL's second branch.

    Attributes:
        kind: personalised PageRank or heat kernel.
        alpha: restart probability of PageRank.
        time: diffusion time of the heat kernel.
        tolerance: error of the diffused features, relative to the norm of a column.
    """

    kind: Literal["ppr", "heat"] = "ppr"
    alpha: Annotated[float, Field(gt=0, le=1)] = 0.2
    time: Positive = 5.0
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 1e-6


class GraceSettings(Settings):
    """GRACE's encoder and its two views (Zhu et al. 2020); each rate is given for view a and for view b.

    Attributes:
        layers: of the encoder; M-Mix uses one, GRACE itself two.
        heads: attention heads, where the encoder is GAT.
        drop_edges: share of the undirected edges that a view lacks. A pair loses both directions at once, so that the
            operator stays symmetric.
        mask_features: share of the feature columns that a view has zeroed, the same columns for all nodes.
    """

    layers: Count = 1
    heads: Count = 4
    drop_edges: tuple[Ratio, Ratio] = (0.2, 0.4)
    mask_features: tuple[Ratio, Ratio] = (0.3, 0.4)


class NodePretraining(Settings):
    """Pre-training on the nodes of one graph, or of several; the defaults are M-Mix's (Section 4.1).

    Attributes:
        mix: options of the mixers.
        diversity: weight of the diversity term in Eq. 10.
        epochs: at most; an epoch is one step.
        patience: stop once the loss has not fallen below its lowest for so many epochs, and keep the weights of the
            lowest, as DGI does; None trains all epochs and keeps the last.
        checkpoints: epochs whose embeddings are kept besides the final ones; those after an early stop are missing.
        keep: embeddings of checkpoints, but for the final ones, of all nodes or only of those in the public split.
        hidden: width of the embeddings.
        learning_rate: of Adam.
        temperature: tau of Eq. 9.
        sample_size: nodes that are contrasted in a step, drawn anew in each; all of them where there are no more.
        inductive: train only on the graphs that hold the public split's training nodes.
        branches: which embeddings of MVGRL are kept (Table 6): of branch a (the mixed one), b, their average or both
            side by side. Methods of one encoder keep its embeddings of the whole graph as "average".
        readout: embeddings are what MVGRL's branches encode ("encoder", z in the paper), or what is contrasted
            ("output": branch a's after mixing and the head, as the public code has it).
        diffusion: MVGRL's options.
        grace: GRACE's options.
    """

    mix: MixSettings = MixSettings()
    diversity: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    epochs: Epoch = 2000
    patience: Count | None = 30
    checkpoints: tuple[Epoch, ...] = Field(default=(0,), validate_default=True)
    keep: Literal["all", "split"] = "all"
    hidden: Count = 256
    learning_rate: Positive = 3e-4
    temperature: Annotated[float, Field(ge=0.025)] = 1.0
    sample_size: Annotated[int, Field(ge=2)] = 10_000
    inductive: bool = False
    branches: Annotated[tuple[Branch, ...], Field(min_length=1)] = ("average",)
    readout: Literal["encoder", "output"] = "encoder"
    diffusion: DiffusionSettings = DiffusionSettings()
    grace: GraceSettings = GraceSettings()

    @field_validator("checkpoints")
    @classmethod
    def _are_reached(cls, checkpoints: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        return reached(checkpoints, info.data.get("epochs"))


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
