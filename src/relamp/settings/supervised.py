"""Settings of supervised training, the rows of M-Mix's tables that see labels; each is an evaluation of its own."""

from typing import Literal

from relamp.settings.base import Count
from relamp.settings.evaluation import NodeSplits

NodeModel = Literal["mlp", "gcn", "chebyshev", "gat", "jknet"]


class SupervisedNodes(NodeSplits):
    """Supervised training on nodes: a model as its public code has it, tested at its best validation accuracy."""

    runs: Count = 10
    """Number of runs, each with its own initial weights and, where splits are drawn, its own split."""
    epochs: Count = 10_000
    """Limit to the epochs of each model, see `relamp.model.supervised_nodes.PUBLISHED`."""
