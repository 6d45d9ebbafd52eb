"""Settings of pre-training on graphs and molecules, and of the methods' own options."""

from typing import Annotated, Literal

from pydantic import Field

from relamp.settings import base
from relamp.settings.mixing import MixSettings

Augmentation = Literal["node_drop", "edge_perturbation", "subgraph", "attribute_masking"]
Reading = Literal["paper", "code", "molecules"]
Features = Literal["labels", "degrees", "labels-or-degrees", "labels-and-degrees", "attributes"]
FirstLabel = Literal["own", "shared"]
Initialisation = Literal["xavier", "pytorch"]


class EncoderVariant(base.Settings):
    """Where the encoder of a method's public code is not GraphCL's; of molecules, messages and head alone."""

    norm: Literal["after", "before"] = "after"
    """Normalise after the ReLU of each layer (after, GraphCL), or before it, the last layer having none (before)."""
    dropout: base.Ratio = 0.0
    """Share of the numbers of each node and layer that are dropped in training, the others being scaled up."""
    readout: Literal["layers", "last"] = "layers"
    """Embed a graph by the sums of all its layers side by side (layers), or by that of the last (last)."""
    inputs: Literal["features", "ones", "all"] = "features"
    """Node features: those of the settings (features), a one for every node (ones), or everything there is: labels,
    attributes, the degree as a number, and one-hot, 100 and more as one (all)."""
    head: base.Count | None = None
    """Width of the projection head behind its input; null is that of the graph embedding."""
    messages: Literal["sum", "relu"] = "sum"
    """What a molecule's atom hears over a bond: the sum of the other atom and the bond (sum, pretrain-gnns), or its
    ReLU (relu)."""


class LampOptions(base.Settings):
    """Options of LAMP, among them choices that its paper leaves open."""

    gamma: base.Ratio = 0.2
    """Pruning ratio: share of the weights that the pruned branch lacks (gamma, LAMP Eq. 18)."""
    alpha: base.NotNegative = 1.0
    """Weight of the local loss (alpha, LAMP Eq. 21)."""
    pruned_gradient: bool = True
    """Whether gradient flows through the pruned branch too, since both branches share their weights."""
    prune_scope: Literal["layer", "encoder"] = "layer"
    """Rank weights for pruning within each matrix (layer) or over the whole encoder (encoder)."""
    node_embedding: Literal["concat", "last"] = "concat"
    """Node embeddings of the local loss: all layers concatenated (concat) or the last layer (last)."""
    own_statistics: bool = False
    """Whether the pruned branch leaves the running BatchNorm statistics unchanged."""
    sparse: Literal["live", "snapshot"] = "live"
    """Take the weights of the pruned branch from the dense encoder at each step, under the epoch's masks (live), or as
    they were at the start of the epoch (snapshot): then no gradient flows through that branch."""


class SimgraceOptions(base.Settings):
    """Options of SimGRACE."""

    eta: base.Positive = 1.0
    """Scale of the Gaussian noise on the weights of the second branch (eta of SimGRACE)."""
    anchor: Literal["clean", "perturbed"] = "perturbed"
    """Branch whose graphs are contrasted with those of the other if directions is one: the perturbed one, as in
    SimGRACE's code on graphs, or the clean one, as in its code on molecules."""
    perturbed_gradient: bool = False
    """Whether gradient flows through the perturbed branch too, as it does through LAMP's pruned one."""


class GraphclOptions(base.Settings):
    """Options of GraphCL."""

    augmentations: tuple[Augmentation, ...] = Field(default=("node_drop", "subgraph"), min_length=1)
    """Augmentations of which one is drawn for each graph and view."""
    social_edges: bool = True
    """Whether edge perturbation is one more of them on social networks, which are taken to be the data sets without
    node labels and attributes, as in GraphCL's experiments."""
    strength: base.Ratio = 0.2
    """Share of nodes or edges that is altered; of subgraph, the share of nodes that is kept."""
    kept: base.Ratio | None = None
    """Share of nodes that subgraph keeps; null takes the strength. GraphCL's public code alters 0.1 and keeps 0.2."""
    reading: Reading = "paper"
    """Augment as the papers say (paper), as GraphCL's public code does on graphs (code), or as it does on molecules
    (molecules), where atoms without bonds stay, and a view without any bond is the molecule as it is."""
    views: Literal["both", "one"] = "both"
    """Augment both branches (both), or only the second, as GraphCL's public code does (one)."""


class AdgclOptions(base.Settings):
    """Options of AD-GCL."""

    regularisation: base.NotNegative = 5.0
    """Price of what the learner takes from the edges, in units of the loss (lambda of AD-GCL)."""


class GcsOptions(base.Settings):
    """Options of GCS."""

    iterations: base.Count = 3
    """Rounds in which salient nodes and edges are looked for."""
    threshold: base.Ratio = 0.3
    """Worth, between 0 and 1, above which a node or edge is salient."""


class JoaoOptions(base.Settings):
    """Options of JOAO and JOAOv2."""

    penalty: base.NotNegative = 0.1
    """How strongly the probabilities of augmentations are held to equal ones (gamma of JOAO)."""


class RgclOptions(base.Settings):
    """Options of RGCL."""

    kept: base.Share = 0.9
    """Share of nodes that views keep (rho of RGCL)."""


class SegaOptions(base.Settings):
    """Options of SEGA; the defaults are those of its public code, which tunes them."""

    height: base.AtLeastTwo = 5
    """Height of the coding trees, from 2 to 5 in the experiments."""
    augmentation: Augmentation = "node_drop"
    """How the view is drawn that is contrasted with the trees, by GraphCL's public code."""
    embedding: Literal["graph", "tree", "both"] = "graph"
    """What embeds graphs: the encoder of graphs (graph), that of trees (tree), or both side by side (both). The public
    code scores all three and prints the best."""


class Node2VecOptions(base.Settings):
    """Options of node2vec; the defaults are those of its public code."""

    walks: base.Count = 10
    """Walks from each node."""
    length: base.AtLeastTwo = 80
    """Nodes of a walk."""
    dimension: base.Count = 128
    """Length of the vectors."""
    window: base.Count = 10
    """Nodes to each side that one is learnt from."""
    negative: base.Count = 5
    """Nodes drawn against each that is there."""
    epochs: base.Count = 1
    """Passes over all walks."""


class Graph2VecOptions(base.Settings):
    """Options of graph2vec."""

    rounds: base.Count = 3
    """Height of the largest subtrees."""
    dimension: base.Count = 1024
    """Length of the vectors."""
    negative: base.Count = 10
    """Subtrees drawn against each that is there."""
    epochs: base.Count = 100
    """Passes over all subtrees; each subtree is a step, where its public code takes the mean of 128."""
    rate: base.Positive = 0.025
    """Learning rate at first; it falls to nearly 0."""
    order: Literal["drawn", "file"] = "drawn"
    """Pass over the graphs in an order that is drawn (drawn), or in that of the data (file)."""


class Sub2VecOptions(base.Settings):
    """Options of sub2vec."""

    words: Literal["nodes", "degrees"] = "nodes"
    """Words of a walk: its nodes, which no two graphs share (nodes), or the share of the graph's nodes that each is
    joined to, in eight bins (degrees)."""
    length: base.AtLeastTwo = 10_000
    """Nodes of a walk, one walk a graph. Its public code has 100,000, of which gensim sees the first 10,000."""
    dimension: base.Count = 512
    """Length of the vectors."""
    window: base.Count = 2
    """Words to each side that one is learnt from."""
    epochs: base.Count = 5
    """Passes over all walks."""
    order: Literal["drawn", "file"] = "drawn"
    """Pass over the graphs in an order that is drawn (drawn), or in that of the data (file): then vectors tell where
    their graphs stand, and so the class where a file is in order of classes."""


class MmixTraining(base.Settings):
    """Training settings of M-Mix's graph-level methods in place of the shared ones; the defaults are its code's."""

    epochs: base.Epoch = 200
    """Passes over the data."""
    checkpoints: base.CheckpointsWithLast = (0, 100, 200)
    """Epochs whose embeddings are stored; 0 is before training, and the last epoch must be among them."""
    batch_size: base.AtLeastTwo = 256
    """Graphs per step."""
    learning_rate: base.Positive = 3e-4
    """Learning rate of Adam."""
    hidden: base.Count = 512
    """Width of each branch."""
    host_learning_rate: base.Positive = 1e-3
    """Learning rate of the method mvgrl with MVGRL's own encoder; the default is that of its code."""


class MmixOptions(base.Settings):
    """Options of graph-level M-Mix and its host MVGRL; where paper and code disagree, the default is the paper's."""

    training: MmixTraining | None = None
    """Training settings of these methods; null keeps the settings that all methods share."""
    host: Literal["mvgrl", "one-layer"] = "mvgrl"
    """Encoder of the method mvgrl: MVGRL's own, whose graphs are embedded after their head (mvgrl, its code), or
    M-Mix's single layer with heads of two layers, whose graphs are embedded before it (one-layer)."""
    host_layers: base.Count = 2
    """Layers of MVGRL's own encoder; its code tries 2, 8 and 12."""
    features: Features = "attributes"
    """Node features: the attributes where a data set has some, else as labels-and-degrees (attributes, MVGRL's public
    code); one-hot node labels, if any, with one-hot degrees beside them (labels-and-degrees); degrees only where there
    are no labels (labels-or-degrees); degrees alone (degrees); or labels alone, a constant where there are none
    (labels)."""
    first_label: FirstLabel = "shared"
    """Whether the label 0 has a column of its own (own), or shares that of the last label, as in MVGRL's public code,
    which counts labels from 1 (shared; of data sets with one column of labels)."""
    max_degree: base.Count = 150
    """Nodes of this degree and of all higher degrees share one category. The code has one for each degree, which of the
    paper's data sets only REDDIT-BINARY exceeds (IMDB-BINARY has degrees up to 135)."""
    diffusion: Literal["ppr", "heat", "adjacency"] = "ppr"
    """Operator of branch b: personalised PageRank (ppr), heat kernel (heat), or the plain adjacency, which M-Mix's code
    uses for its graphs (adjacency)."""
    alpha: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Restart probability of personalised PageRank."""
    time: base.Positive = 5.0
    """Diffusion time of the heat kernel."""
    mix: MixSettings = MixSettings(score_gradient=False)
    """Options of the mixers."""
    negatives: Literal["graph", "batch"] = "graph"
    """Negatives of a node: the nodes of its own graph (graph, Eq. 11) or of the whole batch (batch, the code)."""
    sample_size: base.AtLeastTwo = 5000
    """Nodes of a batch that are contrasted per step if negatives is batch; padded ones count in the same share."""
    contrast: Literal["all", "across"] = "all"
    """Negatives of a node or graph: all others of both branches (all, Eq. 9), for nodes in both directions (Eq. 10), or
    branch b's alone, each node and graph of branch a being the anchor (across, M-Mix's code for graphs)."""
    padding: Literal["none", "largest"] = "none"
    """Whether graphs consist of their own nodes (none, the paper's words), or are padded to the largest of the data
    set with nodes that have no features and no edges, which the codes of M-Mix and MVGRL pool and contrast with all
    others (largest). Their mixture is the mean of the padded graph, here without dropout of its weights."""
    temperature: base.Temperature = 1.0
    """Temperature tau of M-Mix's objectives."""
    branch: Literal["sum", "average"] = "sum"
    """Graph embeddings: the sum of both branches (the code) or their average (Table 6); each alone is stored, too."""
    pooling: Literal["mean", "sum"] = "sum"
    """Pooling of nodes into a graph embedding. The paper says READOUT; MVGRL's code takes the sum, M-Mix's the mean
    over the graph's nodes and those of `padding`: for all graphs it divides by the same number, as a sum does but for a
    factor, and it adds what padded nodes have. M-Mix's objectives cannot tell mean and sum apart, a classifier can, and
    so can MVGRL's own objective."""
    readout: Literal["encoder", "output"] = "output"
    """Embeddings of branch a: what is contrasted after mixing and projection g (output, the code), or the encoder's
    output before both (encoder, printed as z_a)."""


class Pretraining(base.Settings):
    """Pre-training on graphs or molecules; all methods share these settings, except for their own options."""

    epochs: base.Epoch = 20
    """Passes over the data."""
    checkpoints: base.Checkpoints = (0, 10, 20)
    """Epochs whose embeddings are stored; 0 is before training."""
    batch_size: base.AtLeastTwo = 128
    """Graphs per step."""
    learning_rate: base.Positive = 0.01
    """Learning rate of Adam."""
    hidden: base.Count = 32
    """Width of each layer of the encoder."""
    layers: base.Count = 3
    """Number of layers of the encoder."""
    initialisation: Initialisation = "xavier"
    """First weights of all linear layers of these encoders, and of their projection heads: Xavier uniform with biases
    of zero (xavier, GraphCL's code on graphs), or PyTorch's default, weights and biases from U(-1 / sqrt(fan_in),
    1 / sqrt(fan_in)) (pytorch). It concerns LAMP, GraphCL, SimGRACE and the untrained control."""
    temperature: base.Temperature = 0.2
    """Temperature tau of the contrastive losses."""
    directions: Literal["both", "one"] = "both"
    """Contrast view 1 with 2 and view 2 with 1 (both, the papers), or only view 1 with 2 (one, GraphCL's code)."""
    shuffle: Literal["once", "epoch", "never"] = "once"
    """Draw the order of the graphs once (once), anew in each epoch (epoch), or take that of the data (never)."""
    self_loops: Literal["none", "all", "all-but-last"] = "all-but-last"
    """Add a self-loop to no node (none), to every node (all), or to all but the last node of each graph (all-but-last,
    GraphCL's code), in training and when graphs are embedded. It concerns the GIN of LAMP, GraphCL, SimGRACE and the
    untrained control; MVGRL, M-Mix and the encoder of molecules have self-loops of their own."""
    features: Features = "labels"
    """Node features of LAMP, GraphCL, SimGRACE and the untrained control: one-hot node labels, a constant where there
    are none (labels, GraphCL's code), or those of `mmix.features`."""
    max_degree: base.Count = 150
    """Nodes of this degree and of all higher degrees share one category of one-hot degrees."""
    local_nodes: base.AtLeastTwo = 5000
    """Nodes of a batch that are sampled for LAMP's local loss (N_s)."""
    lamp: LampOptions = LampOptions()
    """Options of LAMP."""
    simgrace: SimgraceOptions = SimgraceOptions()
    """Options of SimGRACE."""
    graphcl: GraphclOptions = GraphclOptions()
    """Options of GraphCL."""
    adgcl: AdgclOptions = AdgclOptions()
    """Options of AD-GCL."""
    gcs: GcsOptions = GcsOptions()
    """Options of GCS."""
    joao: JoaoOptions = JoaoOptions()
    """Options of JOAO and JOAOv2."""
    rgcl: RgclOptions = RgclOptions()
    """Options of RGCL."""
    sega: SegaOptions = SegaOptions()
    """Options of SEGA."""
    node2vec: Node2VecOptions = Node2VecOptions()
    """Options of node2vec."""
    graph2vec: Graph2VecOptions = Graph2VecOptions()
    """Options of graph2vec."""
    sub2vec: Sub2VecOptions = Sub2VecOptions()
    """Options of sub2vec."""
    mmix: MmixOptions = MmixOptions()
    """Options of M-Mix's graph-level methods, their own training settings included."""
