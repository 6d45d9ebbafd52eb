"""Diffusion as dense matrices: the formulas of MVGRL, written slowly."""

import math

import numpy as np
from scipy.linalg import expm


def slow_adjacency(edge_index: np.ndarray, num_nodes: int, self_loops: bool = True) -> np.ndarray:
    a = np.zeros((num_nodes, num_nodes))
    for source, target in edge_index.T:
        a[target, source] = 1
    if self_loops:
        a[np.diag_indices(num_nodes)] = 1
    rows, columns = a.sum(1), a.sum(0)
    for i, j in np.argwhere(a):
        a[i, j] /= math.sqrt(rows[i] * columns[j])
    return a


def slow_diffusion(t: np.ndarray, kind: str = "ppr", alpha: float = 0.2, time: float = 5.0) -> np.ndarray:
    unit = np.eye(len(t))
    return alpha * np.linalg.inv(unit - (1 - alpha) * t) if kind == "ppr" else expm(-time * (unit - t))


def dense_operators(edge_index: np.ndarray, num_nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """S_a and S_b."""
    adjacency = slow_adjacency(edge_index, num_nodes)
    return adjacency, slow_diffusion(adjacency)
