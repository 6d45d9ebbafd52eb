"""MVGRL's loss between nodes and graphs (Hassani and Khasahmadi 2020)."""

import math

from torch import Tensor
from torch.nn import functional as F

from relamp.kernels.product import linear


def local_global(nodes: Tensor, graphs: Tensor, graph: Tensor, padded: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """Return MVGRL's loss between nodes of one branch and graphs of the other.

    The Jensen-Shannon estimate of mutual information, negated: a node's positive is its own graph, its negatives are
    all others of the batch. 0 where all scores are 0 and there is more than one graph. Nodes `[n, d]` belong to the
    graphs `[G, d]` that `graph` `[n]` says. Padded nodes, the row `[1, d]` of each and their number in each graph
    `[G]`, are negatives of other graphs and have a score of 0 with their own, which is counted, as in MVGRL's public
    code.
    """
    score = linear(nodes, graphs)
    own = score.gather(1, graph[:, None])
    others = F.softplus(score).sum(1) - F.softplus(own)[:, 0]
    if padded is None:
        return others.mean() / max(len(graphs) - 1, 1) + F.softplus(-own).mean() - 2 * math.log(2)
    row, times = padded
    spare = F.softplus(linear(row, graphs))[0]
    count = len(nodes) + times.sum()
    negative = (others.sum() + (times * (spare.sum() - spare)).sum()) / max(len(graphs) - 1, 1)
    return (negative + (F.softplus(-own) - math.log(2)).sum()) / count - math.log(2)
