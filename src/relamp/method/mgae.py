"""MGAE: linear layers that undo noise, in closed form, and spectral clustering of what they make (Wang et al. 2017)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import solve
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor, nn

from relamp.data.nodes import PackedNodes
from relamp.graph.diffusion import normalised_adjacency
from relamp.method.nodes import NodeBatch, NodeMethod

# Graphs of more nodes have their similarities made anew for each product with a vector, some rows at a time.
MOST_WHOLE, ENTRIES_AT_ONCE = 4096, 1 << 23
_RIDGE = 1e-5  # lambda of its public code

Matrix = NDArray[np.float64]


class MGAE(NodeMethod):
    """MGAE, for which nothing is drawn and no step is taken: its embeddings `[N, classes]` are for k-means.

    They are the leading eigenvectors of the similarities, as many as there are classes, each node's of length 1. It
    sees the features as they are in the file.
    """

    def prepare(self, data: PackedNodes, device: torch.device) -> Tensor:
        """Return the embeddings of all nodes."""
        adjacency = normalised_adjacency(data.edge_index, data.num_nodes)
        h: Matrix = data.features().toarray().astype(np.float64)
        for _ in range(self.settings.mgae.layers):
            h = denoised(h, adjacency, self.settings.mgae.noise)
        z = leading_vectors(h, max(data.num_classes, 1))
        length = np.linalg.norm(z, axis=1, keepdims=True)
        return torch.from_numpy((z / np.where(length > 0, length, 1)).astype(np.float32)).to(device)

    def draw(self, data: PackedNodes, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return nothing that has weights."""
        return nn.Identity(), nn.Identity()

    def embed(self, encoder: Any, head: Any, batch: NodeBatch, random: torch.Generator) -> Mapping[str, Tensor]:
        """Return the embeddings of all nodes."""
        return {"average": batch.graph}


def denoised(h: Matrix, adjacency: csr_matrix[np.float64], noise: float) -> Matrix:
    """Return `A [H 1] W^T` `[N, d]`, W being what best makes H of `A [H 1]` when a share of the columns is set to 0.

    The expectation over all such noise has a closed form, `W = P (Q + lambda I)^-1` with the expected scatter
    matrices P of H with the noisy and Q of the noisy with itself; the constant column has neither noise nor lambda.
    """
    x = np.concatenate([h, np.ones((len(h), 1))], axis=1)
    near = adjacency @ x
    kept = np.append(np.full(h.shape[1], 1 - noise), 1.0)
    scatter = near.T @ near
    q = scatter * np.outer(kept, kept)
    np.fill_diagonal(q, kept * np.diag(scatter) + np.append(np.full(h.shape[1], _RIDGE), 0.0))
    p = (x.T @ near)[:-1] * kept
    made: Matrix = near @ solve(q, p.T, assume_a="pos")
    return made


def leading_vectors(h: Matrix, count: int) -> Matrix:
    """Return the eigenvectors `[N, count]` of `|H H^T|` of largest absolute eigenvalues, of H `[N, d]`.

    A vector's largest entry is above 0. There are no more than nodes.
    """
    n = len(h)
    if n <= MOST_WHOLE:
        values, vectors = np.linalg.eigh(np.abs(h @ h.T))
    else:
        step = max(1, ENTRIES_AT_ONCE // n)

        def times(v: Matrix) -> Matrix:
            return np.concatenate([np.abs(h[start : start + step] @ h.T) @ v for start in range(0, n, step)])

        operator = LinearOperator((n, n), matvec=times, matmat=times, dtype=np.float64)
        values, vectors = eigsh(operator, min(count, n - 1), v0=np.ones(n))
    chosen: Matrix = vectors[:, np.argsort(-np.abs(values), kind="stable")[:count]]
    largest = chosen[np.abs(chosen).argmax(axis=0), np.arange(chosen.shape[1])]
    return chosen * np.where(largest < 0, -1, 1)
