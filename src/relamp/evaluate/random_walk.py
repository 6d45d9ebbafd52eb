"""The geometric random-walk kernel."""

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import eigsh

from relamp.data.packed import PackedGraphs
from relamp.errors import RelampError
from relamp.evaluate.kernels import Floats, normalised, union

# What is left of the weight of common walks when longer ones are no longer added.
LEAST = 1e-14


def random_walk_kernel(data: PackedGraphs, share: float) -> Floats:
    """Return the normalised geometric random-walk kernel `[G, G]` (Gärtner et al. 2003), labels left out.

    It is the sum over k of lambda^k times the number of walks of k steps in the product of both graphs, which is that
    in one times that in the other: no product is made. The sum is finite if lambda is below the inverse square of the
    largest eigenvalue of any graph, and lambda is this `share` of it. A graph without nodes has 0 against every graph
    and itself. Raises RelampError if the share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise RelampError(f"random_walk_kernel: a share of {share}; give one between 0 and 1")
    links, graph = union(data), np.repeat(np.arange(len(data)), data.num_nodes)
    radius = largest_eigenvalue(links)
    at, walks = np.ones(links.shape[0]), []
    for _ in range(1 + int(np.ceil(np.log(LEAST) / np.log(share))) if radius else 1):
        walks.append(np.bincount(graph, at, minlength=len(data)))
        at = np.sqrt(share) / radius * (links @ at) if radius else at
    counts = np.stack(walks, axis=1).astype(np.float64)  # without any node, they are whole numbers
    return normalised(counts @ counts.T)


def largest_eigenvalue(links: csr_matrix[np.float64]) -> float:
    """Return the largest eigenvalue of an adjacency matrix `[N, N]`; 0 without edges."""
    if not links.nnz:
        return 0.0
    if links.shape[0] < 3:
        return float(np.linalg.eigvalsh(links.toarray())[-1])
    return float(eigsh(links, 1, which="LA", v0=np.ones(links.shape[0]), return_eigenvectors=False)[0])
