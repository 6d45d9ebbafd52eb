"""The names of nodes after Weisfeiler and Leman: which have the same labels and the same neighbours, round by round."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from relamp.data.packed import Integers, PackedGraphs


def subtrees(data: PackedGraphs, rounds: int) -> NDArray[np.int64]:
    """Return a number for the rooted subtree of each node after 0, 1, ... `rounds` rounds, `[N, rounds + 1]`.

    Numbers go from 0 and those of two rounds differ (Shervashidze et al. 2011). A node's first label is its whole row
    of `x`. Subtrees are told apart by hashes of 64 bits.
    """
    colour: Integers = np.unique(data.x, axis=0, return_inverse=True)[1].reshape(-1)
    source, target = data.global_edge_index()
    links = csr_matrix((np.ones(len(source), dtype=np.uint64), (target, source)), shape=(len(colour), len(colour)))
    random, names, known = np.random.default_rng(0), [], 0
    for _ in range(rounds + 1):
        kinds, now = np.unique(colour, return_inverse=True)
        names.append(now + known)
        known += len(kinds)
        own, heard = random.integers(2**64, size=(2, len(kinds)), dtype=np.uint64)[:, now]
        colour = own + links @ heard
    return np.stack(names, axis=1).astype(np.int64)
