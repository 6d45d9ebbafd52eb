"""Zachary's karate club, a graph of 34 nodes that ships inside torch_geometric: the smallest test of node methods."""

import numpy as np
from scipy.sparse import csr_matrix

from relamp.data.nodes import PackedNodes


def karate_club() -> PackedNodes:
    """Return the karate club (Zachary 1977) with the four communities and the split of Kipf and Welling (2017).

    34 nodes, 78 edges; the features are the identity. One node of each class is for training (torch_geometric's own
    mask), none for validation, and all others for testing.
    """
    # Importing torch_geometric takes seconds, which only those who read this data set should wait for.
    from torch_geometric.datasets import KarateClub

    graph = KarateClub()[0]
    y = graph.y.numpy().astype(np.int64)
    train = graph.train_mask.numpy()
    split = {"train": np.flatnonzero(train), "test": np.flatnonzero(~train)}
    ends = tuple(graph.edge_index.numpy())
    return PackedNodes.build("KarateClub", csr_matrix(np.eye(len(y))), ends, y, split, unlabelled=0)
