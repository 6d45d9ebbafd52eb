"""Graph kernels, the structure-only rivals of learned embeddings: Weisfeiler-Lehman subtrees and graphlets."""

from functools import cache
from itertools import combinations, permutations
from math import comb

import numpy as np
from grakel import VertexHistogram, WeisfeilerLehman
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from relamp.data.packed import Integers, PackedGraphs
from relamp.errors import RelampError

Floats = NDArray[np.float64]


def wl_kernel(data: PackedGraphs, iterations: int) -> Floats:
    """Return the normalised Weisfeiler-Lehman subtree kernel `[G, G]` (Shervashidze et al. 2011).

    A node's first label is its whole row of `x`, and edge features are not used. `iterations` are rounds of
    relabelling, h in the paper; 0 compares histograms of node labels. A graph without edges is compared by its node
    labels alone; a graph without nodes has an empty feature vector, and so 0 against every graph and itself.

    Raises RelampError if `iterations` is negative.
    """
    if iterations < 0:
        raise RelampError(f"wl_kernel: {iterations} iterations; give 0 or more")
    kernel = WeisfeilerLehman(n_iter=iterations) if iterations else VertexHistogram()
    common = np.zeros((len(data), len(data)))
    filled = np.flatnonzero(data.num_nodes)  # GraKeL refuses graphs without nodes
    if len(filled):
        common[np.ix_(filled, filled)] = kernel.fit_transform(grakel_graphs(data.take(filled), node_labels(data)))
    return normalised(common)


def graphlet_kernel(data: PackedGraphs, size: int, seed: int | np.random.Generator, samples: int = 10_000) -> Floats:
    """Return the normalised graphlet kernel `[G, G]` (Shervashidze et al. 2009): cosine of the frequencies.

    Graphs with no more than `samples` sets of `size` nodes are counted in full, and only larger ones by sampling, so
    that small graphs depend on neither the seed nor the order of their nodes. The paper's bound on samples,
    2 (a log 2 + log 1/delta) / epsilon^2, is 4,615, 8,497 and 21,251 for sizes 3, 4 and 5 (a = 4, 11 and 34 graphlets)
    and an L1 error of epsilon = 0.05 with probability 1 - delta = 0.95. A graph with fewer than `size` nodes has no
    graphlet, and so 0 against every graph and itself.

    GraKeL's GraphletSampling is not used: in 0.1.11 it counts one graphlet too many in every graph but the first that
    shows it, so that the kernel depends on the order of the graphs, and it mixes sizes 3 ... k.

    Features are not used, and edges count in both directions. Raises RelampError if `size` is not 3, 4 or 5, or
    `samples` is not positive.
    """
    if size not in (3, 4, 5) or samples < 1:
        raise RelampError(
            f"graphlet_kernel: size {size} and {samples} samples; give size 3, 4 or 5 and 1 sample or more"
        )
    rng = np.random.default_rng(seed)
    kinds = _graphlets(size)
    counts = np.zeros((len(data), kinds.max() + 1))
    for graph, (nodes, edges) in enumerate(_graphs(data)):
        code = _codes(edges, _node_sets(nodes, size, samples, rng), nodes)
        counts[graph] = np.bincount(kinds[code], minlength=counts.shape[1])
    return normalised(counts @ counts.T)


def normalised(kernel: Floats) -> Floats:
    """Divide by the norms; the row and column of an empty feature vector become 0."""
    norm = np.sqrt(kernel.diagonal())
    scale = np.outer(norm, norm)
    return np.asarray(np.divide(kernel, scale, out=np.zeros_like(kernel), where=scale > 0))


def _graphs(data: PackedGraphs) -> list[tuple[int, Integers]]:
    """Return the number of nodes and the edges `[2, e]` of each graph."""
    edges = np.split(np.asarray(data.edge_index, dtype=np.int64), data.edge_offset[1:-1], axis=1)
    return list(zip(data.num_nodes.tolist(), edges, strict=True))


def node_labels(data: PackedGraphs) -> NDArray[np.int64]:
    """Return a number for each node `[N]`, from 0: nodes of the same whole row of `x` have the same."""
    return np.unique(data.x, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def adjacency(data: PackedGraphs) -> list[csr_matrix[np.float64]]:
    """Return the adjacency matrix of each graph: 1 for an edge in either direction, no loops."""
    return [_linked(edges, nodes) for nodes, edges in _graphs(data)]


def union(data: PackedGraphs) -> csr_matrix[np.float64]:
    """Return the same of all graphs at once `[N, N]`."""
    return _linked(data.global_edge_index(), int(data.node_offset[-1]))


def _linked(edges: Integers, nodes: int) -> csr_matrix[np.float64]:
    a, b = edges[:, edges[0] != edges[1]]
    links = csr_matrix((np.ones(2 * len(a)), (np.append(a, b), np.append(b, a))), shape=(nodes, nodes))
    links.sum_duplicates()
    links.data[:] = 1
    return links


def grakel_graphs(data: PackedGraphs, labels: Integers) -> list[tuple[dict[int, dict[int, float]], dict[int, int]]]:
    """Return each graph as GraKeL reads it: neighbours of each node, label of each node, from labels `[N]` of all."""
    graphs = []
    for start, (nodes, edges) in zip(data.node_offset[:-1], _graphs(data), strict=True):
        neighbours: dict[int, dict[int, float]] = {node: {} for node in range(nodes)}
        for a, b in edges.T.tolist():
            neighbours[a][b] = 1.0
        graphs.append((neighbours, dict(enumerate(labels[start : start + nodes].tolist()))))
    return graphs


def _node_sets(nodes: int, size: int, samples: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return all sets of `size` nodes, or `samples` random ones if there are more, `[sets, size]`."""
    if comb(nodes, size) <= samples:
        return np.array(list(combinations(range(nodes), size)), dtype=np.int64).reshape(-1, size)
    picked = np.empty((samples, 0), dtype=np.int64)
    for taken in range(size):
        # The d-th node that is still free: step over each taken node, in ascending order, that lies at or before it.
        draw = rng.integers(nodes - taken, size=samples)
        for column in picked.T:
            draw = draw + (draw >= column)
        picked = np.sort(np.column_stack([picked, draw]), axis=1)
    return picked


def _codes(edges: Integers, sets: NDArray[np.int64], nodes: int) -> NDArray[np.int64]:
    """Return the adjacency of each node set as a number: one bit for each pair of its nodes."""
    adjacent = np.zeros((nodes, nodes), dtype=bool)
    adjacent[edges[0], edges[1]] = adjacent[edges[1], edges[0]] = True
    code = np.zeros(len(sets), dtype=np.int64)
    for bit, (i, j) in enumerate(combinations(range(sets.shape[1]), 2)):
        code |= adjacent[sets[:, i], sets[:, j]].astype(np.int64) << bit
    return code


@cache
def _graphlets(size: int) -> NDArray[np.int64]:
    """Return the isomorphism class of each adjacency code, connected or not."""
    pairs = list(combinations(range(size), 2))
    bit = {pair: number for number, pair in enumerate(pairs)}
    code = np.arange(2 ** len(pairs))
    smallest = code.copy()  # over all orders of the nodes: the same number for isomorphic graphs only
    for order in permutations(range(size)):
        moved = np.zeros_like(code)
        for (i, j), number in bit.items():
            a, b = sorted((order[i], order[j]))
            moved |= (code >> number & 1) << bit[a, b]
        smallest = np.minimum(smallest, moved)
    return np.unique(smallest, return_inverse=True)[1].astype(np.int64)
