"""Settings of pre-training on nodes."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from relamp.settings import base
from relamp.settings.mixing import MixSettings, known_mixer

Branch = Literal["a", "b", "average", "concat", "z"]
Diffusion = Literal["ppr", "heat"]
NodeFeatures = Literal["rows-scaled", "as-in-file"]


class DiffusionSettings(base.Settings):
    """Operators of MVGRL's branches: the normalised adjacency, and its diffusion."""

    loop_weight: base.Positive = 2.0
    """Weight of the self-loops of branch a's adjacency. MVGRL's public code adds them twice, and M-Mix stands on its
    loader; those of which the diffusion is made weigh 1."""

    kind: Diffusion = "ppr"
    """Personalised PageRank (ppr) or heat kernel (heat)."""
    alpha: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Restart probability of personalised PageRank."""
    time: base.Positive = 5.0
    """Diffusion time of the heat kernel."""
    tolerance: base.Share = 1e-6
    """Error bound of the diffused features, relative to the norm of a column."""
    sparsified: Literal["never", "citeseer", "always"] = "citeseer"
    """Whether small entries of the diffusion are dropped and its columns scaled, as MVGRL's public code does it on the
    data set Citeseer, see `relamp.graph.sparsified`."""

    def sparsifies(self, dataset: str) -> bool:
        """Return whether the diffusion of a data set is sparsified."""
        return self.sparsified == "always" or (self.sparsified == "citeseer" and dataset == "Citeseer")


class GraceSettings(base.Settings):
    """GRACE's encoder and its two views (Zhu et al. 2020); each rate is given for view a and view b."""

    by_dataset: bool = False
    """Whether Cora, Citeseer, Pubmed and DBLP have the settings of GRACE's public code, encoder and optimiser included,
    see `relamp.method.grace.OWN`; its epochs are a limit to those that are configured."""
    layers: base.Count = 1
    """Number of layers of the encoder; M-Mix uses one, GRACE itself two."""
    wide: bool = False
    """Whether all layers but the last are twice as wide as the embeddings, as in GRACE's public code."""
    activation: Literal["relu", "prelu"] = "relu"
    """Activation of each layer; GRACE's public code has relu on all data sets but Citeseer."""
    heads: base.Count = 4
    """Number of attention heads, where the encoder is GAT."""
    drop_edges: tuple[base.Ratio, base.Ratio] = (0.2, 0.4)
    """Share of undirected edges that are dropped; both directions of an edge go together, so that the operator stays
    symmetric."""
    mask_features: tuple[base.Ratio, base.Ratio] = (0.3, 0.4)
    """Share of feature columns that are set to 0, the same columns for all nodes."""


class DgiSettings(base.Settings):
    """DGI (Velickovic et al. 2019)."""

    as_published: bool = True
    """Whether width, optimiser, stopping, features and nodes of a step are those of DGI's public code: 512 (on Pubmed
    256), learning rate 1e-3, patience 20, rows scaled, all nodes; its 10,000 epochs are a limit to those that are
    configured."""
    diffusion: DiffusionSettings = DiffusionSettings()
    """Operator that stands in place of the adjacency, where it does."""


class NodeGraphCLSettings(base.Settings):
    """GraphCL on nodes (You et al. 2020)."""

    as_published: bool = True
    """Whether width, optimiser, stopping, features and nodes of a step are those of its public code, as for DGI."""
    augmentation: Literal["subgraph", "nodes"] = "subgraph"
    """How its two augmented graphs are drawn: the subgraph that grows from a random node, as in the only command of the
    public code (subgraph), or without random nodes (nodes)."""
    dropped: base.Ratio = 0.2
    """Share of nodes that are left out."""


class CcaSsgSettings(base.Settings):
    """CCA-SSG (Zhang et al. 2021)."""

    as_published: bool = True
    """Whether all options below, width, optimiser, features and nodes of a step are those of its README: by data set on
    Cora, Citeseer and Pubmed, Cora's on others; its epochs (50, 20, 100) are a limit to those that are configured."""
    layers: base.Count = 2
    """Number of layers of the encoder, all of one width."""
    decorrelation: base.NotNegative = 1e-3
    """Weight of the term that decorrelates columns."""
    drop_edges: base.Ratio = 0.4
    """Share of undirected edges that each view drops."""
    mask_features: base.Ratio = 0.1
    """Share of feature columns that each view sets to 0."""


class GaeSettings(base.Settings):
    """GAE and VGAE (Kipf and Welling 2016)."""

    as_published: bool = True
    """Whether both widths, optimiser, features and nodes of a step are those of their public code: 32 and 16, learning
    rate 0.01, no stopping, features as in the file; its 200 epochs are a limit to those that are configured."""
    first: base.Count = 32
    """Width of the first layer."""
    edges: Literal["all", "without-test"] = "without-test"
    """What is seen of the graph: all its edges (all), or those that are left when 15 % are drawn, once for a training,
    to be predicted (without-test, the public code, which does nothing else); inductive training has all."""


class ArgaSettings(base.Settings):
    """ARGA and ARVGA (Pan et al. 2018)."""

    as_published: bool = True
    """Whether both widths, both learning rates, features and nodes of a step are those of the public code: 32 and 32,
    5e-4 and 1e-3, features as in the file; its 50 rounds, an epoch each, are a limit to the epochs that are
    configured."""
    first: base.Count = 32
    """Width of the first layer; the discriminator's layers have twice and once as much."""
    discriminator_rate: base.Positive = 1e-3
    """Learning rate of the discriminator."""
    steps: base.Count = 5
    """Steps of reconstruction in a round."""
    noise: base.NotNegative = 0.1
    """Standard deviation of what is added to the first layer's nodes in training; ARVGA has none."""
    edges: Literal["all", "without-test"] = "without-test"
    """What is seen of the graph: all its edges (all), or those that are left when 15 % are drawn, once for a training,
    to be predicted (without-test, the public code, for clustering too); inductive training has all."""


class GalaSettings(base.Settings):
    """GALA (Park et al. 2019)."""

    as_published: bool = True
    """Whether both widths are those of its paper for Cora (400 and 100), and the optimiser that of its public code:
    learning rate 1e-4, decay 5e-4, no stopping, features as in the file, at most 10,000 epochs."""
    most_epochs: base.Count | None = None
    """Greatest number of epochs of GALA alone, where it needs more than other methods; null: that of all, `epochs`."""
    first: base.Count = 400
    """Width of the first layer, and of the last but one."""


class MgaeSettings(base.Settings):
    """MGAE (Wang et al. 2017)."""

    layers: base.Count = 3
    """Number of layers; its public code says 3 for Cora, and nothing for other data sets."""
    noise: base.Ratio = 0.4
    """Expected share of features that are set to 0; its public code says 0.4 for Cora."""


class DeepWalkSettings(base.Settings):
    """DeepWalk (Perozzi et al. 2014); the defaults are those of its public code."""

    with_features: bool = True
    """Whether a node's features stand beside its vector, as DGI has it, whose numbers M-Mix quotes."""
    scaling: Literal["none", "length"] = "none"
    """How features and vectors stand side by side: as they are (none), where rows of sum 1 are hardly seen beside
    vectors of length 4, or each of length 1 (length)."""
    walks: base.Count = 10
    """Walks from each node."""
    length: base.AtLeastTwo = 40
    """Nodes of a walk."""
    dimension: base.Count = 64
    """Length of the vectors."""
    window: base.Count = 5
    """Nodes to each side that one is learnt from."""
    passes: base.Count = 5
    """Passes over all walks."""


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
    (split); a data set without one then has the final ones alone."""
    hidden: base.Count = 256
    """Width of the embeddings."""
    learning_rate: base.Positive = 3e-4
    """Learning rate of Adam."""
    weight_decay: base.NotNegative = 0.0
    """Weight decay of Adam."""
    temperature: base.Temperature = 1.0
    """Temperature tau of Eq. 9."""
    contrast: Literal["all", "across"] = "all"
    """Negatives of a node: all others of both branches (all, Eq. 9), or those of the other branch alone, by the
    cross-entropy over rows and over columns of the cosines (across, M-Mix's public code for nodes). i-mix has a loss of
    its own."""
    sample_size: base.AtLeastTwo = 10_000
    """Nodes that are contrasted with one another, drawn anew in each step; smaller graphs are used whole."""
    sample: Literal["random", "blocks"] = "random"
    """What is drawn for a step: random nodes (random), or four blocks of consecutive nodes, each contrasted by itself
    (blocks, M-Mix's public code, which moreover leaves out the edges between a block and other nodes)."""
    inductive: bool = False
    """Whether training sees only the graphs that hold the training nodes of the public split."""
    branches: Annotated[tuple[Branch, ...], Field(min_length=1)] = ("average",)
    """Embeddings to store (Table 6): of branch a (the mixed one), of branch b, of both together (average, as far as
    `together` or `host_together` do not say sum), both concatenated (concat), or what branch a mixes (z), on which
    Theorem 3.1 is checked. GRACE has one encoder for both views, whose embeddings of the whole graph count as
    average."""
    together: Literal["average", "sum"] = "average"
    """How M-Mix makes one embedding of both branches: their average (the paper's words) or their sum, twice as long,
    which a probe sees (its code)."""
    host_together: Literal["sum", "average"] = "sum"
    """The same of its host MVGRL with MVGRL's own objective, whose code has the sum."""
    readout: Literal["encoder", "output"] = "output"
    """Embeddings are what is contrasted: branch a's after mixing and projection (output, the public code), or the
    encoder's output before both (encoder, printed as z)."""
    diffusion: DiffusionSettings = DiffusionSettings()
    """Operator of MVGRL's second branch."""
    grace: GraceSettings = GraceSettings()
    """Options of GRACE."""
    dgi: DgiSettings = DgiSettings()
    """Options of DGI."""
    graphcl: NodeGraphCLSettings = NodeGraphCLSettings()
    """Options of GraphCL."""
    cca_ssg: CcaSsgSettings = CcaSsgSettings()
    """Options of CCA-SSG."""
    gae: GaeSettings = GaeSettings()
    """Options of graph autoencoders."""
    arga: ArgaSettings = ArgaSettings()
    """Options of adversarial graph autoencoders."""
    gala: GalaSettings = GalaSettings()
    """Options of GALA."""
    mgae: MgaeSettings = MgaeSettings()
    """Options of MGAE."""
    deepwalk: DeepWalkSettings = DeepWalkSettings()
    """Options of DeepWalk."""

    def most_epochs(self, group: str) -> int:
        """Return the greatest number of epochs of the method with a group of options: its own limit, or that of all."""
        own: int | None = getattr(getattr(self, group), "most_epochs", None)
        return own or self.epochs


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
