"""Small random molecules for tests, which no chemistry constrains."""

from dataclasses import replace

import numpy as np

from model_graphs import random_graphs
from relamp.data.corpus import both_directions
from relamp.data.molecules import ATOM_MASK, CARDINALITY, CHIRALITIES
from relamp.data.packed import PackedGraphs


def random_molecules(seed: int, count: int = 21, most: int = 6) -> PackedGraphs:
    rng = np.random.default_rng(seed)
    data = random_graphs(seed, count, (ATOM_MASK, CHIRALITIES), most)  # no atom is a mask
    # Both directions of a bond follow each other, and have the same type and direction.
    each = [np.split(part, 2, axis=1)[0].T for part in np.split(data.edge_index, data.edge_offset[1:-1], axis=1)]
    ends = np.concatenate(each)
    bonds = np.stack([rng.integers(0, size, len(ends)) for size in (4, 3)], axis=1)
    y = rng.integers(0, 2, (count, 2)).astype(np.int8)
    return replace(
        data, cardinality=CARDINALITY, edge_index=both_directions(ends), edge_attr=np.repeat(bonds, 2, axis=0), y=y
    )
