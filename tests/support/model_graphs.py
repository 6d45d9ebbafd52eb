"""Small random graphs for tests."""

import numpy as np

from relamp.data.packed import PackedGraphs


def random_graphs(seed: int, count: int = 5, cardinality: tuple[int, ...] = (4,)) -> PackedGraphs:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 7, size=count)
    edges, x = [], []
    for n in sizes:
        pairs = np.array([(i, j) for i in range(n) for j in range(i)], dtype=np.int64).reshape(-1, 2)
        kept = pairs[rng.random(len(pairs)) < 0.5]
        edges.append(np.concatenate([kept, kept[:, ::-1]]).T)
        x.append(np.stack([rng.integers(0, size, size=n) for size in cardinality], axis=1))
    return PackedGraphs(
        name="random",
        x=np.concatenate(x),
        cardinality=cardinality,
        edge_index=np.concatenate(edges, axis=1),
        node_offset=np.concatenate([[0], np.cumsum(sizes)]),
        edge_offset=np.concatenate([[0], np.cumsum([e.shape[1] for e in edges])]),
        y=rng.integers(0, 2, size=count),
    )
