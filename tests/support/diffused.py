"""Diffusion as dense matrices: the formulas of MVGRL, written slowly."""

import math

import numpy as np
from scipy.linalg import expm
from sklearn.preprocessing import MinMaxScaler


def slow_adjacency(edge_index: np.ndarray, num_nodes: int, self_loops: float = 1) -> np.ndarray:
    a = np.zeros((num_nodes, num_nodes))
    for source, target in edge_index.T:
        a[target, source] = 1
    if self_loops:
        a[np.diag_indices(num_nodes)] = self_loops
    rows, columns = a.sum(1), a.sum(0)
    for i, j in np.argwhere(a):
        a[i, j] /= math.sqrt(rows[i] * columns[j])
    return a


def slow_sparsified(diffusion: np.ndarray, edges: int) -> np.ndarray:
    """The four thresholds tried one by one, and scikit-learn's scaling of columns."""
    n, found = len(diffusion), []
    for epsilon in (1e-5, 1e-4, 1e-3, 1e-2):
        kept = sum(value >= epsilon for value in diffusion.ravel())
        found.append((abs(edges / n - kept / n), epsilon))
    epsilon = min(found)[1]
    return MinMaxScaler().fit_transform(np.where(diffusion < epsilon, 0, diffusion))


def slow_diffusion(t: np.ndarray, kind: str = "ppr", alpha: float = 0.2, time: float = 5.0) -> np.ndarray:
    unit = np.eye(len(t))
    return alpha * np.linalg.inv(unit - (1 - alpha) * t) if kind == "ppr" else expm(-time * (unit - t))


def dense_operators(edge_index: np.ndarray, num_nodes: int, loop: float = 1) -> tuple[np.ndarray, np.ndarray]:
    """S_a, with self-loops of this weight, and S_b."""
    return slow_adjacency(edge_index, num_nodes, loop), slow_diffusion(slow_adjacency(edge_index, num_nodes))
