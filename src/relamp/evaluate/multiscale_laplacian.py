"""The multiscale Laplacian kernel, by its fast approximation."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from relamp.data.features import node_features
from relamp.data.packed import PackedGraphs
from relamp.evaluate.kernels import Floats, adjacency
from relamp.settings.evaluation import Kernels, MultiscaleLaplacian

# Eigenvalues below this are taken for 0.
LEAST = 1e-6


def multiscale_laplacian_kernel(data: PackedGraphs, options: Kernels, rng: np.random.Generator) -> Floats:
    """Return the multiscale Laplacian kernel `[G, G]` (Kondor and Pan 2016, supplement, Algorithm 1).

    Two graphs are compared by what their Laplacians make of their nodes' features (`compared`). The first features are
    labels, or degrees where there are none; at each further level, they are how a node's neighbourhood, of one more hop
    a level, compares with those of some nodes that are drawn. Of both only the leading directions among the drawn nodes
    are kept. A graph has 1 against itself, but one without nodes has 0 against every graph and itself.
    """
    chosen, links, spans = options.mlg, adjacency(data), list(pairwise(data.node_offset))
    first = node_features(data, "labels-or-degrees", options.max_degree).toarray().astype(np.float64)
    if not len(first):
        return np.zeros((len(data), len(data)))
    some = _drawn(first, chosen, rng)
    at = first @ first[some].T @ leading(first[some] @ first[some].T, chosen.rank)
    for hops in range(1, chosen.levels + 1):
        of_node: list[NDArray[np.int64]] = []
        forms: list[Floats] = []
        for one, (start, end) in zip(links, spans, strict=True):
            balls, which = np.unique(_reached(one, hops), axis=0, return_inverse=True)  # many nodes share one
            of_node.append(which.reshape(-1) + len(forms))
            forms += [form(one[near][:, near], at[start:end][near], chosen) for near in balls]
        ball, some = np.concatenate(of_node), _drawn(first, chosen, rng)
        common = compared(np.array(forms), np.array(forms)[ball[some]])
        at = common[ball] @ leading(common[ball[some]], chosen.rank)
    filled = data.num_nodes > 0
    whole = np.array([form(one, at[start:end], chosen) for one, (start, end) in zip(links, spans, strict=True)])
    return compared(whole, whole) * np.outer(filled, filled)


def form(links: csr_matrix[np.float64], at: Floats, chosen: MultiscaleLaplacian) -> Floats:
    """Return `U^T (L + eta I)^-1 U + gamma I` `[p, p]` of a graph's Laplacian L and its nodes' features U `[n, p]`."""
    dense = links.toarray()
    laplacian = np.diag(dense.sum(axis=0) + chosen.eta) - dense
    made: Floats = at.T @ np.linalg.solve(laplacian, at) + chosen.gamma * np.eye(at.shape[1])
    return made


def compared(one: Floats, other: Floats) -> Floats:
    """Return the Laplacian kernel of graphs `[a, b]` by their `form` `[a, p, p]` and `[b, p, p]`.

    That is how much two normal distributions of these covariances overlap (Bhattacharyya): with S and T their forms,
    `|(S^-1 + T^-1) / 2|^(-1/2) / |S T|^(1/4)`.
    """
    inverse, others = np.linalg.inv(one), np.linalg.inv(other)
    volume, volumes = np.linalg.slogdet(one)[1], np.linalg.slogdet(other)[1]
    made = np.empty((len(one), len(other)))
    for column, mine in enumerate(others):
        made[:, column] = np.linalg.slogdet((inverse + mine) / 2)[1]
    return np.asarray(np.exp(-made / 2 - (volume[:, None] + volumes) / 4))


def leading(gram: Floats, rank: int) -> Floats:
    """Return what takes kernel values with some samples `[s, s]` to their leading directions `[s, p]`, p <= `rank`."""
    values, vectors = np.linalg.eigh(gram)
    values, vectors = values[::-1][:rank], vectors[:, ::-1][:, :rank]
    kept = values > LEAST
    made: Floats = vectors[:, kept] / np.sqrt(values[kept])
    return made


def _drawn(features: Floats, chosen: MultiscaleLaplacian, rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.permutation(len(features))[: chosen.samples]


def _reached(links: csr_matrix[np.float64], hops: int) -> NDArray[np.bool_]:
    """Return which nodes are within some hops of each node `[n, n]`."""
    step = (links.toarray() + np.eye(links.shape[0])).astype(np.float32)
    found = np.eye(len(step), dtype=np.float32)
    for _ in range(hops):
        found = np.minimum(found @ step, 1)
    return found > 0
