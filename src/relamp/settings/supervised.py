"""Settings of supervised training, the rows of M-Mix's tables that see labels; each is an evaluation of its own."""

from typing import Literal

from relamp.settings.base import AtLeastTwo, Count, Positive, Ratio, Settings
from relamp.settings.evaluation import EditDistanceProtocol, NodeSplits

NodeModel = Literal["mlp", "gcn", "chebyshev", "gat", "jknet"]
GraphModel = Literal["gin-0", "gin-eps", "graphsage", "gcn"]
EditModel = Literal["supervised"]


class SupervisedNodes(NodeSplits):
    """Supervised training on nodes: a model as its public code has it, tested at its best validation accuracy."""

    runs: Count = 10
    """Number of runs, each with its own initial weights and, where splits are drawn, its own split."""
    epochs: Count = 10_000
    """Limit to the epochs of each model, see `relamp.model.supervised_nodes.PUBLISHED`."""


class SupervisedGraphs(Settings):
    """Supervised training on graphs, as GIN's public code has it (Xu et al. 2019)."""

    folds: AtLeastTwo = 10
    """Number of outer folds, stratified by class."""
    inner_folds: AtLeastTwo = 10
    """Into how many stratified parts the training part is cut, of which one is set aside to choose the epoch."""
    epochs: Count = 350
    """Number of epochs, each of which is scored."""
    steps: Count = 50
    """Number of steps an epoch, each on a batch that is drawn anew."""
    batch_size: Count = 32
    """Graphs in a batch; GIN's paper tries 32 and 128."""
    learning_rate: Positive = 0.01
    """Learning rate of Adam."""
    halved_after: Count = 50
    """Number of epochs after which the learning rate is halved, each time."""
    layers: Count = 4
    """Number of layers; GIN counts the input as a fifth one."""
    hidden: Count | None = None
    """Width of a layer; null takes 32 where nodes have labels, of 16 and 32 that GIN's paper tries, and else 64."""
    dropout: Ratio = 0.5
    """Share of logits of each layer that is set to 0 in training; GIN's paper tries 0 and 0.5."""
    readout: Literal["paper", "sum", "mean"] = "paper"
    """How nodes are pooled: their sum where they have labels and else their mean (paper), or always one of them."""


class EditSupervision(Settings):
    """How an encoder is trained on triplets of edited graphs, which the paper leaves open.

    Rate and batches are those of the public code of Graph Matching Networks (Li et al. 2019), which the paper follows.
    """

    margin: Positive = 0.1
    """By how much the cosine to the positive is to be above that to the negative."""
    steps: Count = 1000
    """Number of steps, each on triplets that are made anew; the public code takes 10,000."""
    batch_size: Count = 20
    """Triplets of a step."""
    learning_rate: Positive = 0.001
    """Learning rate of Adam."""


class SupervisedEdits(EditDistanceProtocol, EditSupervision):
    """Supervised training for the graph edit distance, on triplets that are made as those of the test are."""
