"""Diffusion of node features over a sparse graph: personalised PageRank and heat kernel, never as an N x N matrix."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array, eye_array, issparse
from scipy.special import ive

from relamp.data.packed import Integers
from relamp.errors import RelampError
from relamp.settings.nodes import Diffusion

# Columns of x that are diffused together: four float64 blocks of this width are held, in a cache where they fit.
COLUMNS_AT_ONCE = 64


def normalised_adjacency(edge_index: Integers, num_nodes: int, self_loops: float = 1) -> csr_matrix[np.float64]:
    """Return `D^-1/2 (A + w I) D^-1/2` as a sparse matrix; with w = 1 the operator of a GCN layer (Kipf, Welling 2017).

    Row i holds what reaches node i. Edges count once however often they are listed, and a node has one self-loop at
    most, of the weight w that is given; with 0 none is added. A node without any edge keeps itself (weight 1), or has
    an empty row where no self-loops are added. In a directed graph rows are scaled by their own sums and columns by
    theirs, so that the spectral norm is at most 1. `edge_index` is `[2, E]`, messages from row 0 to row 1, with both
    directions of undirected edges.
    """
    source, target = edge_index.astype(np.int64)
    ones = np.ones(len(source))
    adjacency = csr_matrix((ones, (target, source)), shape=(num_nodes, num_nodes))
    if self_loops:
        adjacency = csr_matrix(adjacency + eye_array(num_nodes))
    adjacency.data = np.ones_like(adjacency.data)  # duplicates were summed
    if self_loops:
        adjacency = csr_matrix(adjacency + (self_loops - 1) * eye_array(num_nodes))
    received, sent = (np.asarray(adjacency.sum(axis=axis)).reshape(-1) for axis in (1, 0))
    rows, columns = (diags_array(np.where(degree > 0, degree, 1) ** -0.5) for degree in (received, sent))
    return csr_matrix(rows @ adjacency @ columns)


def scaled(adjacency: csr_matrix[np.float64]) -> csr_matrix[np.float64]:
    """Return `D^-1/2 A D^-1/2` of a symmetric matrix of weights at least 0, D its row sums, none of them 0."""
    half = diags_array(np.asarray(adjacency.sum(axis=1)).reshape(-1) ** -0.5)
    return csr_matrix(half @ adjacency @ half)


def adjacencies(
    edge_index: Integers, num_nodes: int, weight: NDArray[np.float32] | None = None, loop_weight: float = 1
) -> tuple[csr_matrix[np.float64], csr_matrix[np.float64]]:
    """Return the operators of both branches of MVGRL, `[N, N]`: the adjacency, and the one that is diffused.

    Both are the normalised adjacency, the former with self-loops of the `loop_weight`. With weights `[E]` of the edges,
    each listed once a direction, these are the adjacency, and the diffusion is made of the edges' signs with a
    self-loop added to each node, as M-Mix's public code does it for edited graphs.
    """
    if weight is None:
        adjacency = normalised_adjacency(edge_index, num_nodes)
        return (adjacency if loop_weight == 1 else normalised_adjacency(edge_index, num_nodes, loop_weight)), adjacency
    shape, (source, target) = (num_nodes, num_nodes), edge_index.astype(np.int64)
    weighted = csr_matrix((weight.astype(np.float64), (target, source)), shape=shape)
    return weighted, scaled(csr_matrix(weighted.sign() + eye_array(num_nodes)))


def diffuse(
    adjacency: csr_matrix[np.float64],
    x: NDArray[Any] | csr_matrix[Any],
    kind: Diffusion,
    alpha: float = 0.2,
    time: float = 5.0,
    tolerance: float = 1e-6,
) -> NDArray[Any]:
    """Return `S x` for the diffusion S of MVGRL (Hassani and Khasahmadi 2020) without ever forming S.

    With T the adjacency, S is `alpha (I - (1 - alpha) T)^-1` ("ppr") or `exp(-time (I - T))` ("heat"). Both are
    `f(T) = sum_k c_k C_k(T)` in Chebyshev polynomials C_k, with `c_k >= 0` and `sum_k c_k = f(1) = 1`. The series is
    cut where the rest of the coefficients sums to `tolerance` at most. T is symmetric with eigenvalues in [-1, 1],
    where `|C_k| <= 1`, so each column of the result is wrong by at most `tolerance` times the Euclidean norm of that
    column of x, besides rounding. PPR at alpha 0.2 halves the error a term: 20 products with T for 1e-6.

    From features `[N, d]`, dense or sparse, it returns dense ones, float32 for float32 and else float64; computed in
    float64 either way. Raises RelampError if the adjacency `[N, N]` is not symmetric, or a number is out of its range:
    alpha, the restart probability, is in (0, 1], and the diffusion time is at least 0.
    """
    if np.abs((adjacency - adjacency.T).data).max(initial=0) > 1e-12:
        raise RelampError("diffusion wants an undirected graph: give both directions of every edge")
    weights = chebyshev_coefficients(kind, alpha, time, tolerance)
    result = np.empty(x.shape, dtype=np.float32 if x.dtype == np.float32 else np.float64)
    columns: Any = x.tocsc() if issparse(x) else x
    for start in range(0, x.shape[1], COLUMNS_AT_ONCE):
        block = columns[:, start : start + COLUMNS_AT_ONCE]
        dense = np.asarray(block.todense() if issparse(x) else block, dtype=np.float64)
        result[:, start : start + COLUMNS_AT_ONCE] = series(adjacency, dense, weights)
    return result


def series(
    adjacency: csr_matrix[np.float64], x: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return `sum_k weights[k] C_k(adjacency) x` by the recurrence `C_{k+1} = 2 T C_k - C_{k-1}`."""
    total: NDArray[np.float64] = weights[0] * x
    before, now = x, x
    for k, weight in enumerate(weights[1:]):
        after = np.asarray(adjacency @ now)
        if k:
            after *= 2
            after -= before
        before, now = now, after
        total += weight * now
    return total


def chebyshev_coefficients(kind: Diffusion, alpha: float, time: float, tolerance: float) -> NDArray[np.float64]:
    """Return the leading coefficients of a diffusion, see `diffuse`, as few as leave out `tolerance` in sum at most."""
    if not 0 < tolerance < 1:
        raise RelampError(f"tolerance {tolerance}: give a number between 0 and 1")
    if kind not in ("ppr", "heat"):
        raise RelampError(f"{kind}: unknown diffusion; choose ppr or heat")
    return _ppr_coefficients(alpha, tolerance) if kind == "ppr" else _heat_coefficients(time, tolerance)


def _ppr_coefficients(alpha: float, tolerance: float) -> NDArray[np.float64]:
    """Return those of `alpha / (1 - c t) = alpha / r (1 + 2 sum_k rho^k C_k(t))`, where c = 1 - alpha.

    Here `r^2 = 1 - c^2` and `rho = c / (1 + r)`; the rest after K terms is `2 alpha / r * rho^(K + 1) / (1 - rho)`.
    """
    if not 0 < alpha <= 1:
        raise RelampError(f"alpha {alpha}: give a restart probability above 0, at most 1")
    root = np.sqrt(alpha * (2 - alpha))
    rho = (1 - alpha) / (1 + root)
    start = tolerance * root * (1 - rho) / (2 * alpha)
    terms = int(np.ceil(np.log(start) / np.log(rho))) - 1 if 0 < start < rho else 0
    coefficients: NDArray[np.float64] = alpha / root * np.append(1.0, 2 * rho ** np.arange(1, terms + 1))
    return coefficients


def _heat_coefficients(time: float, tolerance: float) -> NDArray[np.float64]:
    """Return those of `exp(time (t - 1)) = exp(-time) (I_0(time) + 2 sum_k I_k(time) C_k(t))`, I_k Bessel functions."""
    if not 0 <= time < np.inf:
        raise RelampError(f"time {time}: give a diffusion time of 0 or more")
    # exp(-time) I_k(time) is a Skellam distribution, and beyond this k it holds less than 1e-100.
    k = np.arange(int(3 * time) + 100)
    coefficients: NDArray[np.float64] = np.where(k, 2, 1) * ive(k, time)
    # Summed from the small end, since one minus the sum of the large ones would lose what is asked for.
    rest = np.append(np.cumsum(coefficients[:0:-1])[::-1], 0.0)
    return coefficients[: int(np.argmax(rest <= tolerance)) + 1]
