"""A diffusion as a sparse matrix: small entries are dropped and columns scaled, as MVGRL's public code does it."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix, eye_array, hstack

from relamp.data.nodes import PackedNodes
from relamp.graph.diffusion import COLUMNS_AT_ONCE, chebyshev_coefficients, normalised_adjacency, series
from relamp.settings.nodes import Diffusion, DiffusionSettings

# Of these the one is the threshold that leaves most nearly as many entries a row as the graph has edges a node.
THRESHOLDS = (1e-5, 1e-4, 1e-3, 1e-2)
# Of an entry: so small that no entry falls on the wrong side of a threshold.
_TOLERANCE = 1e-10


def sparse_diffusion(data: PackedNodes, options: DiffusionSettings) -> csr_matrix[np.float64] | None:
    """Return the diffusion of a graph as a sparse matrix `[N, N]`, where the options want that of its data set."""
    if not options.sparsifies(data.name):
        return None
    walk, degree = normalised_adjacency(data.edge_index, data.num_nodes), data.edge_index.shape[1] / data.num_nodes
    return sparsified(walk, degree, options.kind, options.alpha, options.time)


def sparsified(
    adjacency: csr_matrix[np.float64], degree: float, kind: Diffusion, alpha: float = 0.2, time: float = 5.0
) -> csr_matrix[np.float64]:
    """Return the diffusion of `relamp.graph.diffusion.diffuse` `[N, N]` without its small entries, columns from 0 to 1.

    Entries below one of THRESHOLDS are 0, the one by which their number a row comes nearest to `degree`, the graph's
    edges a node; then the least entry of a column is taken off it, and the greatest of the rest is 1. A column of equal
    entries becomes 0. The whole matrix is never held: some columns are made at a time, twice.
    """
    weights = chebyshev_coefficients(kind, alpha, time, _TOLERANCE)
    counts = np.zeros(len(THRESHOLDS))
    for block in _columns(adjacency, weights):
        counts += [(block >= threshold).sum() for threshold in THRESHOLDS]
    threshold = THRESHOLDS[int(np.argmin(np.abs(degree - counts / adjacency.shape[0])))]
    parts = []
    for block in _columns(adjacency, weights):
        block[block < threshold] = 0
        block -= block.min(axis=0)
        greatest = block.max(axis=0)
        parts.append(csc_matrix(block / np.where(greatest > 0, greatest, 1)))
    return csr_matrix(hstack(parts))


def _columns(adjacency: csr_matrix[np.float64], weights: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Yield the columns of the diffusion, some at a time."""
    n = adjacency.shape[0]
    unit = eye_array(n, format="csc")
    for start in range(0, n, COLUMNS_AT_ONCE):
        yield series(adjacency, unit[:, start : start + COLUMNS_AT_ONCE].toarray(), weights)
