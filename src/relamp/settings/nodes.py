"""Settings of node-level pre-training and of what is measured on its embeddings. This file imports no torch."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from relamp.settings.base import Count, Epoch, Positive, Ratio, Settings, reached
from relamp.settings.mixing import MIXERS, MixSettings

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
    """GRACE's two views (Zhu et al. 2020); each rate is given for view a and for view b.

    Attributes:
        drop_edges: share of the undirected edges that a view lacks. A pair loses both directions at once, so that the
            operator stays symmetric.
        mask_features: share of the feature columns that a view has zeroed, the same columns for all nodes.
    """

    drop_edges: tuple[Ratio, Ratio] = (0.2, 0.4)
    mask_features: tuple[Ratio, Ratio] = (0.3, 0.4)


class NodePretraining(Settings):
    """Pre-training on the nodes of one graph, or of several; the defaults are M-Mix's (Section 4.1).

    Attributes:
        host: where the two views come from: adjacency and diffusion (MVGRL), or edge dropping and feature masking
            (GRACE).
        encoder: GCN, or GRACE's with attention (GAT).
        layers: of GRACE's encoder; M-Mix uses one, GRACE itself two. MVGRL's branches always have one.
        heads: attention heads of GAT.
        mixer: how hard negatives are made, see `relamp.mixing.similarity`; "none" is the host itself.
        objective: Eq. 9 and 10 ("info-nce"), or MVGRL's own, see `relamp.model.mvgrl_own` ("local-global").
        mix: options of the mixer.
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
        branches: which embeddings are kept (Table 6): of branch a (the mixed one), b, their average or both side by
            side. GRACE has one encoder for both views, whose embeddings of the whole graph count as "average".
        readout: embeddings are what the branches encode ("encoder", z in the paper), or what is contrasted
            ("output": branch a's after mixing and the head, as the public code has it).
    """

    host: Literal["mvgrl", "grace"] = "mvgrl"
    encoder: Literal["gcn", "gat"] = "gcn"
    layers: Count = 1
    heads: Count = 4
    mixer: str = "none"
    objective: Literal["info-nce", "local-global"] = "info-nce"
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

    @field_validator("mixer")
    @classmethod
    def _is_known(cls, mixer: str) -> str:
        if mixer not in MIXERS:
            raise ValueError(f"there is no mixer {mixer!r}; known: {', '.join(MIXERS)}")
        return mixer

    @field_validator("checkpoints")
    @classmethod
    def _are_reached(cls, checkpoints: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        return reached(checkpoints, info.data.get("epochs"))

    @model_validator(mode="after")
    def _fit_the_host(self) -> Self:
        if self.host == "mvgrl" and (self.encoder != "gcn" or self.layers != 1):
            raise ValueError("MVGRL's branches are one GCN layer each; leave encoder and layers alone, or take GRACE")
        if self.host == "grace" and (set(self.branches) != {"average"} or self.readout != "encoder"):
            raise ValueError("GRACE has one encoder; its branches are 'average' alone and its readout is 'encoder'")
        if self.objective == "local-global" and (self.host != "mvgrl" or self.mixer != "none"):
            raise ValueError("the objective 'local-global' is MVGRL's own, which mixes nothing")
        if self.encoder == "gat" and self.hidden % self.heads:
            raise ValueError(f"hidden {self.hidden} cannot be shared among {self.heads} heads; take a multiple")
        return self
