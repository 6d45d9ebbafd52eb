"""Random trees as molecules, in which some atoms are far from others."""

from dataclasses import replace

import numpy as np

from molecule_graphs import random_molecules
from relamp.data.corpus import both_directions
from relamp.data.packed import PackedGraphs, offsets


def random_trees(seed: int, count: int = 12, most: int = 12) -> PackedGraphs:
    rng, data = np.random.default_rng(seed), random_molecules(seed, count, most)
    # Each atom but a molecule's first is bound to one of the two before it.
    ends = [(i - min(i, rng.integers(1, 3)), i) for n in data.num_nodes for i in range(1, n)]
    bonds = np.stack([rng.integers(0, size, len(ends)) for size in (4, 3)], axis=1)
    return replace(
        data,
        edge_index=both_directions(np.array(ends, dtype=np.int64).reshape(-1, 2)),
        edge_offset=2 * offsets(data.num_nodes - 1),
        edge_attr=np.repeat(bonds, 2, axis=0),
    )
