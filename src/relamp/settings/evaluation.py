"""Settings of the evaluations: how embeddings, kernels and augmentations are measured."""

from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator

from relamp.settings.base import AtLeastTwo, Count, NotNegative, Positive, Ratio, Settings, Share
from relamp.settings.graphs import Augmentation, Reading
from relamp.settings.nodes import NodeFeatures

# Of embeddings and features: standardised by the training part, each of length 1, or as they are.
Scaling = Literal["standard", "length", "none"]
EpochChoice = Literal["last", "validation", "test"]
EditChoice = Literal["first_seen", "pad", "self_loops", "weights", "unlabelled", "surplus"]


class SvmProtocol(Settings):
    """Cross-validation of a support vector machine on graph embeddings."""

    folds: AtLeastTwo = 10
    """Number of outer folds, stratified by class."""
    inner_folds: AtLeastTwo = 5
    """Number of folds within the training part, by which C is chosen."""
    inner: Literal["unshuffled", "shuffled"] = "unshuffled"
    """Cut the training part into inner folds in the order of the data set (unshuffled, as GridSearchCV does in the
    public code), or after a shuffle by the seed (shuffled)."""
    C: Annotated[tuple[Positive, ...], Field(min_length=1)] = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3)
    """Candidates of the penalty C."""
    kernel: Literal["rbf", "linear"] = "rbf"
    """Kernel on embeddings: rbf (GraphCL, LAMP) or linear (M-Mix)."""


class ValidatedSvm(SvmProtocol):
    """Cross-validation as the public codes of AD-GCL and GCS have it: the epoch is chosen by a validation part."""

    outer: Literal["plain", "stratified"] = "plain"
    """Draw the outer folds without regard to classes (plain, as KFold does), or take those of the tables, which are
    stratified (stratified)."""
    scaling: Literal["standard", "none"] = "standard"
    """Scale each feature to mean 0 and variance 1 by the training part of each fold (standard), or leave it as it is
    (none)."""
    validation: Share = 0.2
    """Share of the graphs outside a fold that are set aside: by the mean accuracy on them over all folds the epoch is
    chosen, and no machine is fitted on them."""


class MultiscaleLaplacian(Settings):
    """The multiscale Laplacian kernel; the defaults are GraKeL's."""

    levels: Count = 3
    """Number of levels; at each, a node's neighbourhood has one more hop."""
    samples: Count = 50
    """Number of nodes that are drawn at each level, with which all are compared."""
    rank: Count = 10
    """Number of leading directions that are kept of these."""
    gamma: Positive = 0.01
    """What is added to the covariances of features (gamma)."""
    eta: Positive = 0.01
    """What is added to Laplacians (eta)."""


class RandomWalk(Settings):
    """The geometric random-walk kernel."""

    share: Annotated[float, Field(gt=0, lt=1)] = 0.9
    """The weight that a common walk loses with each step (lambda), as a share of the largest for which there is a sum
    on the data set."""


Substructure = Literal["graphlet", "shortest-path", "wl"]


class DeepKernel(Settings):
    """Deep graph kernels (DGK)."""

    base: Literal["published", "graphlet", "shortest-path", "wl"] = "published"
    """Substructures that are counted: those by which the printed number of the data set was found (published: shortest
    paths on MUTAG and PTC_MR; of others, Weisfeiler-Leman subtrees where nodes have labels, else graphlets), or always
    the same."""
    similarity: Literal["products", "lengths", "none"] = "products"
    """How alike two substructures are: by the product of their vectors (products, the paper); each to itself alone, by
    the length of its vector (lengths); or to itself alone (none), the plain kernel, which the public code runs as it is
    shipped."""
    dimension: Count = 25
    """Length of the vectors; the public code as shipped has 512."""
    window: Count = 25
    """Substructures to each side that one is learnt from; the public code as shipped has 5."""
    graphlet_size: Annotated[int, Field(ge=3, le=7)] = 7
    """Number of nodes of a graphlet."""
    samples: Count = 100
    """Number of graphlets that are drawn from each graph, each with as many others as it has nodes."""
    order: Literal["drawn", "file"] = "file"
    """Learn vectors from the graphs in the order of the data (file, the public code), or in one that is drawn (drawn).
    The vector of a substructure that few graphs have tells where these stand, and so the class where a file is in order
    of classes."""


class Kernels(Settings):
    """Graph kernels and bags of features, scored in the same folds as embeddings."""

    wl_iterations: Count = 3
    """Rounds of Weisfeiler-Leman refinement."""
    graphlet_size: Annotated[int, Field(ge=3, le=5)] = 3
    """Number of nodes of a graphlet of the kernel graphlet, which counts all there are."""
    max_degree: Count = 150
    """Nodes of this degree and of all higher degrees share one bin of the bags that are named after their features."""
    random_walk: RandomWalk = RandomWalk()
    """Options of random-walk alone."""
    mlg: MultiscaleLaplacian = MultiscaleLaplacian()
    """Options of mlg alone."""
    dgk: DeepKernel = DeepKernel()
    """Options of dgk; those of its graphlets are graphlet-code's too."""


class NodeControls(Settings):
    """The controls of nodes, scored in the same splits as embeddings."""

    features: NodeFeatures = "rows-scaled"
    """Node features, as encoders see them."""


class DamageProtocol(Settings):
    """Structural damage: the share of structural entropy that augmentations remove (LAMP Eq. 6, Fig. 2)."""

    augmentations: Annotated[tuple[Augmentation, ...], Field(min_length=1)] = (
        "node_drop",
        "edge_perturbation",
        "subgraph",
    )
    """Augmentations to measure."""
    readings: Annotated[tuple[Reading, ...], Field(min_length=1)] = ("paper", "code")
    """Augment as the papers say (paper), as GraphCL's public code does (code), or both."""
    strength: Share = 0.2
    """Share of nodes or edges that is altered; of subgraph, the share of nodes that is kept."""
    draws: Count = 5
    """Number of times each graph is augmented."""


class InformationProtocol(Settings):
    """What pruned encoders and augmented graphs keep of information (LAMP Theorem 4.1)."""

    gammas: tuple[Ratio, ...] = (0.05, 0.2, 0.35, 0.5, 0.75, 0.95)
    """Pruning ratios of the encoder; that of the tables is always among them."""
    augmentations: tuple[Augmentation, ...] = get_args(Augmentation)
    """Augmentations of the graphs, against which pruned encoders are compared."""
    strengths: tuple[Share, ...] = (0.2,)
    """Shares of nodes or edges that are altered; of subgraph, the shares of nodes that are kept."""
    readings: tuple[Reading, ...] = ("paper", "code")
    """Augment as the papers say (paper), as GraphCL's public code does (code), or both."""
    noise: tuple[Positive, ...] = (1.0,)
    """Scales of SimGRACE's noise on the weights, a third kind of view, of which the theorem says nothing."""
    draws: AtLeastTwo = 2
    """Views of each graph by an augmentation; two make a pair, of which statement 2 speaks."""
    estimators: Annotated[tuple[Literal["logistic", "svm", "neighbours", "info_nce"], ...], Field(min_length=1)] = (
        "logistic",
        "svm",
        "neighbours",
        "info_nce",
    )
    """Usable information by logistic regression (logistic) or an SVM with an RBF kernel and Platt's sigmoids (svm);
    mutual information with the classes by nearest neighbours (neighbours) and between two views by the InfoNCE bound
    (info_nce)."""
    C: Annotated[tuple[Positive, ...], Field(min_length=1)] = (1e-2, 1e-1, 1.0)
    """Candidates of the penalty C of both classifiers, on standardised embeddings."""
    inner_folds: AtLeastTwo = 3
    """Number of folds within the training part, by which C is chosen."""
    neighbours: Count = 3
    """Nearest neighbours of the same class that set the distance within which neighbours are counted."""
    components: Count = 5
    """Principal components in which distances are taken."""
    candidates: AtLeastTwo = 500
    """Most graphs among which a graph's other view is sought, all others for training the critic."""
    steps: Count = 100
    """Most steps of Adam by which the critic is trained."""


class EditDistanceProtocol(Settings):
    """Graph edit distance (M-Mix Table 10), see `relamp.evaluate.edit_distance`."""

    reading: Literal["code", "words"] = "code"
    """Make triplets as M-Mix's public code does (code), or by nothing but the paper's words (words); each option below
    that is null follows."""
    nodes: Annotated[tuple[Annotated[int, Field(ge=4)], ...], Field(min_length=1)] = (50, 20, 15, 10)
    """Sizes n: the first n nodes of each graph are kept."""
    graphs: Count = 1000
    """Number of graphs that are drawn; each gives one triplet."""
    first_seen: bool | None = None
    """Whether nodes stand in the order in which the list of edges first names them (code), or as they are numbered."""
    pad: bool | None = None
    """Whether graphs with fewer than n nodes get isolated nodes (code), which new edges may join."""
    self_loops: bool | None = None
    """Whether each node has a self-loop, an edge that may be removed as others (code)."""
    weights: bool | None = None
    """Whether edges keep their weights in the normalised adjacency of the whole graph and new ones weigh 1 (code), or
    the adjacency of an edited graph is normalised anew. It concerns MVGRL and M-Mix."""
    unlabelled: bool | None = None
    """Whether kernels do without node labels (code)."""
    surplus: bool | None = None
    """Whether kernels see n (n - 1) / 2 nodes, as many as M-Mix's conversion of graphs makes (code), or n at most."""
    substitutions: tuple[Count, Count] = (1, 2)
    """Number of edges that are substituted in the positive and in the negative graph."""
    wl_iterations: Count = 5
    """Rounds of the Weisfeiler-Leman kernel."""
    normalise: bool = False
    """Whether kernels are compared by their cosine, like embeddings, or by their plain values, which the implementation
    that the paper names returns."""

    def does(self, choice: EditChoice) -> bool:
        """Return whether a choice is made, by its own option or by the reading."""
        chosen: bool | None = getattr(self, choice)
        return self.reading == "code" if chosen is None else chosen


class NodeSplits(Settings):
    """In which splits of the nodes a classifier is trained and tested."""

    runs: Count = 50
    """Number of runs, each with its own initial weights and, where splits are drawn, its own split."""
    split: Literal["public", "random"] = "public"
    """Use the data set's public split (public), or draw a split for each run (random)."""
    shares: tuple[Share, Annotated[float, Field(ge=0, lt=1)]] = (0.1, 0.1)
    """Shares of training and validation nodes in a random split; GRACE uses 10 % each and tests on the other 80 %."""

    @field_validator("shares")
    @classmethod
    def _leave_some(cls, shares: tuple[float, float]) -> tuple[float, float]:
        if sum(shares) >= 1:
            raise ValueError("nothing is left to test on")
        return shares


class ProbeProtocol(NodeSplits):
    """Linear probe on frozen node embeddings: logistic regression, fitted by Adam."""

    steps: Count = 300
    """Number of steps of Adam."""
    learning_rate: Positive = 0.01
    """Learning rate of Adam."""
    weight_decay: NotNegative = 0.0
    """Weight decay of Adam; M-Mix's public code uses 0.01 on Citeseer and none elsewhere."""
    scaling: Scaling = "none"
    """Scaling of embeddings, as for images: public codes have none, so that a probe of few steps fits small embeddings,
    such as those of an untrained encoder, worse than large ones."""
    epoch: EpochChoice = "last"
    """Which stored epoch counts: that of the weights that training kept (last), or of each seed and branch the one with
    the best mean over the runs on the validation nodes (validation) or, as M-Mix's public code does, on the test nodes
    (test), which makes it no result. Epochs are those of `pretraining.checkpoints`, but never 0, and the last. What is
    trained as in its public code (`as_published`, `by_dataset`) is scored where that ends."""


class ClusterProtocol(Settings):
    """Clustering of node embeddings by k-means."""

    runs: Count = 10
    """Number of repetitions, each with other initial centres."""
    starts: Count = 10
    """Number of starts of k-means per run; the best one counts."""
    scaling: Scaling = "none"
    """Scaling of embeddings, as for images, with all nodes to standardise by: k-means measures lengths, which
    contrastive objectives do not set."""


class ImageProbe(Settings):
    """Linear classifier on frozen image features, see `relamp.evaluate.linear_probe`."""

    scaling: Scaling = "none"
    """Scaling of features: standardised by the training images (standard), scaled to length 1 (length), or unchanged
    (none). M-Mix's public code, and SimCLR's on which it builds, have none: only their test by nearest neighbours
    scales features to length 1."""
    runs: Count = 1
    """Number of classifiers per set of features, which differ in their initial weights."""
    steps: Count = 300
    """Number of steps of Adam; each step sees all training images."""
    learning_rate: Positive = 0.01
    """Learning rate of Adam."""
    weight_decay: NotNegative = 0.0
    """Weight decay of Adam."""
