"""The structure-blind control: each graph as a bag of its node labels, or of its degrees where nodes have no labels."""

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import Integers, PackedGraphs

MOST_COLUMNS = 1000
MOST_DEGREE = 500
DEGREE_SHARE = 0.999


def bag_of_nodes(data: PackedGraphs) -> NDArray[np.float32]:
    """Return how often each graph has each node label, or each degree where nodes have no labels, `[G, D]`.

    Counts, not shares, as a sum-pooling encoder sees them. All columns of `x` are counted, each by itself (of molecules
    atom type and chirality), and `D` is at most `MOST_COLUMNS`: where there are more labels, the rarest of a column
    share its last bin. A node's degree is the number of other nodes that it is joined to; degrees from
    `MOST_DEGREE` on, or from the 99.9th percentile of the data set where that is lower, share the last bin. Of
    attributes there is the sum of each column over the nodes, beside labels, in place of degrees. Labels of classes are
    not used, and edge features are not either.
    """
    graph = np.repeat(np.arange(len(data)), data.num_nodes)
    unlabelled = data.cardinality == (1,)
    degrees = unlabelled and data.attributes is None
    columns = [_degrees(data)] if degrees else [_frequent(column, data) for column in data.x.T]
    bags = [_histograms(graph, column, len(data)) for column in columns]
    if data.attributes is not None:
        bags.append(np.zeros((len(data), data.num_attributes), dtype=np.float32))
        np.add.at(bags[-1], graph, data.attributes)
    return np.concatenate(bags, axis=1)


def _degrees(data: PackedGraphs) -> Integers:
    source, target = data.global_edge_index()
    degree = np.bincount(source[source != target], minlength=len(data.x))
    if not len(degree):
        return degree
    # The smallest degree that this share of all nodes does not exceed: of whole numbers a whole number.
    common = int(np.quantile(degree, DEGREE_SHARE, method="inverted_cdf"))
    return np.minimum(degree, min(common, MOST_DEGREE))


def _frequent(column: Integers, data: PackedGraphs) -> Integers:
    """Number the labels that occur from the most frequent on, with all that are too rare for a bin in the last one."""
    _, number, count = np.unique(column, return_inverse=True, return_counts=True)
    rank = np.empty_like(count)
    rank[np.argsort(-count, kind="stable")] = np.arange(len(count))
    return np.minimum(rank[number], MOST_COLUMNS // len(data.cardinality) - 1)


def _histograms(graph: Integers, column: Integers, graphs: int) -> NDArray[np.float32]:
    bins = int(column.max(initial=0)) + 1
    counts = np.bincount(graph * bins + column, minlength=graphs * bins)
    return counts.reshape(graphs, bins).astype(np.float32)
