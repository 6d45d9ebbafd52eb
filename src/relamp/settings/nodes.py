"""Settings of pre-training on nodes."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from relamp.settings import base
from relamp.settings.mixing import MixSettings, known_mixer

Branch = Literal["a", "b", "average", "concat"]
Diffusion = Literal["ppr", "heat"]
NodeFeatures = Literal["rows-scaled", "as-in-file"]


class DiffusionSettings(base.Settings):
    """Operator of MVGRL's second branch."""

    kind: Diffusion = "ppr"
    """Personalised PageRank (ppr) or heat kernel (heat)."""
    alpha: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Restart probability of personalised PageRank."""
    time: base.Positive = 5.0
    """Diffusion time of the heat kernel."""
    tolerance: base.Share = 1e-6
    """Error bound of the diffused features, relative to the norm of a column."""


class GraceSettings(base.Settings):
    """GRACE's encoder and its two views (Zhu et al. 2020); each rate is given for view a and view b."""

    layers: base.Count = 1
    """Number of layers of the encoder; M-Mix uses one, GRACE itself two."""
    heads: base.Count = 4
    """Number of attention heads, where the encoder is GAT."""
    drop_edges: tuple[base.Ratio, base.Ratio] = (0.2, 0.4)
    """Share of undirected edges that are dropped; both directions of an edge go together, so that the operator stays
    symmetric."""
    mask_features: tuple[base.Ratio, base.Ratio] = (0.3, 0.4)
    """Share of feature columns that are set to 0, the same columns for all nodes."""


class NodePretraining(base.Settings):
    """Pre-training on the nodes of one graph or several; the defaults are M-Mix's (Section 4.1)."""

    features: NodeFeatures = "rows-scaled"
    """Node features: each row divided by its sum, as the loaders of GRACE, DGI, CCA-SSG and of DGL 0.4.1, on which
    MVGRL and M-Mix stand, have it on every data set (rows-scaled), or as the files have them (as-in-file)."""
    mix: MixSettings = MixSettings()
    """Options of the mixer."""
    diversity: base.NotNegative = 1.0
    """Weight of the diversity term in Eq. 10."""
    epochs: base.Epoch = 2000
    """Greatest number of epochs; an epoch is one step."""
    patience: base.Count | None = 30
    """Stop after this many epochs without a new lowest loss, and keep the weights of the lowest, as DGI does; null
    trains all epochs and keeps the last weights."""
    checkpoints: base.Checkpoints = (0,)
    """Epochs whose embeddings are stored besides the final ones; those after an early stop are missing."""
    keep: Literal["all", "split"] = "all"
    """Store embeddings of checkpoints, except the final ones, for all nodes (all) or only for those of the public split
    (split)."""
    hidden: base.Count = 256
    """Width of the embeddings."""
    learning_rate: base.Positive = 3e-4
    """Learning rate of Adam."""
    temperature: base.Temperature = 1.0
    """Temperature tau of Eq. 9."""
    sample_size: base.AtLeastTwo = 10_000
    """Nodes that are contrasted per step, drawn anew in each step; smaller graphs are used whole."""
    inductive: bool = False
    """Whether training sees only the graphs that hold the training nodes of the public split."""
    branches: Annotated[tuple[Branch, ...], Field(min_length=1)] = ("average",)
    """Embeddings to store (Table 6): of branch a (the mixed one), of branch b, their average, or both concatenated
    (concat). GRACE has one encoder for both views, whose embeddings of the whole graph count as average."""
    readout: Literal["encoder", "output"] = "output"
    """Embeddings are what is contrasted: branch a's after mixing and projection (output, the public code), or the
    encoder's output before both (encoder, printed as z)."""
    diffusion: DiffusionSettings = DiffusionSettings()
    """Operator of MVGRL's second branch."""
    grace: GraceSettings = GraceSettings()
    """Options of GRACE."""


def must_fit(
    settings: NodePretraining, mixer: str = "none", encoder: str = "gcn", mix: Mapping[str, Any] | None = None, **_: Any
) -> None:
    """Raise ValueError for settings that do not fit a method with these arguments, its `mix` laid over theirs.

    There must be such a mixer, its scope must have the wanted operator, and the heads of GAT must share the width.
    """
    known_mixer(mixer)
    MixSettings.model_validate({**settings.mix.model_dump(), **(mix or {})})
    heads = settings.grace.heads
    if encoder == "gat" and settings.hidden % heads:
        message = f"hidden {settings.hidden} cannot be shared among {heads} heads; take a multiple, or fewer heads"
        raise ValueError(message)
