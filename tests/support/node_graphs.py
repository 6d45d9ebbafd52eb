"""Small graphs with labelled nodes for tests."""

import numpy as np
from scipy.sparse import csr_matrix

from relamp.data.nodes import PackedNodes, sparse_parts, undirected


def random_nodes(
    seed: int = 0, sizes: tuple[int, ...] = (40,), features: int = 12, tasks: int = 0, split: bool = True
) -> PackedNodes:
    """Graphs of three communities whose nodes share features and edges more often within a community."""
    rng = np.random.default_rng(seed)
    total = sum(sizes)
    y = rng.integers(0, 3, size=total)
    y[:3] = [0, 1, 2]
    offset = np.concatenate([[0], np.cumsum(sizes)])
    graph = np.repeat(np.arange(len(sizes)), sizes)
    likely = np.where(y[:, None] == y, 0.25, 0.02) * (graph[:, None] == graph)
    source, target = np.nonzero(np.triu(rng.random((total, total)) < likely, 1))
    x = rng.random((total, features)) < np.where(np.arange(features) % 3 == y[:, None], 0.6, 0.1)
    x[:, 0] |= ~x.any(axis=1)
    feature_offset, index, value = sparse_parts(csr_matrix(x.astype(np.float32)))
    first = sizes[0] if len(sizes) > 1 else total // 4
    cut = [first, first + (total - first) // 3]
    parts = np.split(np.arange(total), cut) if split else [np.zeros(0, dtype=np.int64)] * 3
    labels = (rng.random((total, tasks)) < 0.2 + 0.6 * (np.arange(tasks) % 3 == y[:, None])).astype(np.int8)
    return PackedNodes(
        name="random",
        num_features=features,
        feature_offset=feature_offset,
        feature_index=index,
        feature_value=value,
        edge_index=undirected(source, target, total),
        y=labels if tasks else y,
        train=parts[0],
        valid=parts[1],
        test=parts[2],
        graph_offset=offset,
    )
