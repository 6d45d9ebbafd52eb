"""Zachary's karate club, a graph of 34 nodes that ships inside torch_geometric: the smallest test of node methods."""

import numpy as np

from relamp.data.nodes import PackedNodes, undirected


def karate_club() -> PackedNodes:
    """Return the karate club (Zachary 1977) with the four communities and the split of Kipf and Welling (2017).

    34 nodes, 78 edges; the features are the identity. One node of each class is for training (torch_geometric's own
    mask), none for validation, and all others for testing.
    """
    # Importing torch_geometric takes seconds, which only those who read this data set should wait for.
    from torch_geometric.datasets import KarateClub

    graph = KarateClub()[0]
    y = graph.y.numpy().astype(np.int64)
    total = len(y)
    source, target = graph.edge_index.numpy()
    train = graph.train_mask.numpy()
    return PackedNodes(
        name="KarateClub",
        num_features=total,
        feature_offset=np.arange(total + 1),
        feature_index=np.arange(total),
        feature_value=None,
        edge_index=undirected(source, target, total),
        y=y,
        train=np.flatnonzero(train),
        valid=np.zeros(0, dtype=np.int64),
        test=np.flatnonzero(~train),
        graph_offset=np.array([0, total]),
        info={"self_loops_removed": int((source == target).sum()), "unlabelled": 0},
    )
