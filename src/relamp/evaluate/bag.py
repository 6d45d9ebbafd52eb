"""The structure-blind controls: each graph as a bag of its node labels, of its degrees, or of what an encoder sees."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from relamp.data.features import node_features
from relamp.data.packed import Integers, PackedGraphs
from relamp.settings.graphs import Features, FirstLabel

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
    shown = data.attributes if data.shown_attributes else None
    degrees = unlabelled and shown is None
    columns = [_degrees(data)] if degrees else [_frequent(column, data) for column in data.x.T]
    bags = [_histograms(graph, column, len(data)) for column in columns]
    if shown is not None:
        bags.append(np.zeros((len(data), data.num_attributes), dtype=np.float32))
        np.add.at(bags[-1], graph, shown)
    return np.concatenate(bags, axis=1)


def bag_of_features(
    data: PackedGraphs, features: Features, max_degree: int, first_label: FirstLabel = "own"
) -> NDArray[np.float32]:
    """Return the sum of `relamp.data.features.node_features` over the nodes of each graph, `[G, D]`.

    It is all that a sum-pooling encoder could see of these features without any edge between them.
    """
    nodes = np.arange(len(data.x))
    member = csr_matrix((np.ones(len(nodes), dtype=np.float32), nodes, data.node_offset), shape=(len(data), len(nodes)))
    return np.asarray((member @ node_features(data, features, max_degree, first_label)).toarray(), dtype=np.float32)


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
