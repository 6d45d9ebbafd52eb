"""Cross-entropy of a graph's edges by inner products of its nodes (Kipf and Welling 2016), N x N never held whole."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

from relamp.kernels.pairs import Pairs, pair_dot
from relamp.kernels.product import product

# Entries of N x N that are held at once.
ENTRIES_AT_ONCE = 1 << 21


class _AllPairs(Function):
    """The sum of `softplus(z_i . z_j)` over all i and j; its gradient `2 sigmoid(Z Z^T) Z` is made on the way."""

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        total, gradients = z.new_zeros((), dtype=torch.float64), []
        for rows in torch.split(z, max(1, ENTRIES_AT_ONCE // max(len(z), 1))):
            scores = product(rows, z)
            total += F.softplus(scores).sum(dtype=torch.float64)
            gradients.append(2 * product(scores.sigmoid_(), z.T))
        ctx.save_for_backward(torch.cat(gradients))
        return total.to(z.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (made,) = ctx.saved_tensors
        scaled: Tensor = gradients[0] * made
        return scaled


def reconstruction(z: Tensor, pairs: Pairs) -> Tensor:
    """Return the cross-entropy of `sigmoid(Z Z^T)`, z `[N, d]`, against the adjacency with self-loops.

    Its entries are the pairs: both directions of each edge, and each node with itself. With E entries that are edges,
    they weigh `(N^2 - E) / E`, and the mean over all N^2 entries is multiplied by `N^2 / (2 (N^2 - E))`; a graph
    without edges counts as one of one entry.
    """
    n, edges = len(z), max(len(pairs.source) - len(z), 1)
    others = max(n**2 - edges, 1)
    scores = pair_dot(z, z, pairs)
    every: Tensor = _AllPairs.apply(z)  # type: ignore[no-untyped-call]
    return (every + (others / edges * F.softplus(-scores) - F.softplus(scores)).sum()) / (2 * others)
