"""Encoder of nodes with sparse features: layers of GCN or, with attention, of GAT."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.nodes import PackedNodes
from relamp.kernels.pairs import Pairs, pair_sum, sum_by_target
from relamp.kernels.prelu import PReLU


@dataclass(frozen=True)
class SparseRows:
    """A sparse matrix `[N, F]` that dense ones are multiplied with.

    Attributes:
        index: column of each entry.
        offset: `[N + 1]`; row n has the entries `offset[n]:offset[n + 1]`.
        value: of each entry.
    """

    index: Tensor
    offset: Tensor
    value: Tensor

    @classmethod
    def of(cls, matrix: csr_matrix[Any]) -> Self:
        """Take over a scipy matrix."""
        index, offset = (torch.from_numpy(part.astype(np.int64)) for part in (matrix.indices, matrix.indptr))
        return cls(index, offset, torch.from_numpy(matrix.data.astype(np.float32)))

    def to(self, device: torch.device | str) -> Self:
        """Return the matrix on a device."""
        return type(self)(self.index.to(device), self.offset.to(device), self.value.to(device))

    def times(self, dense: Tensor) -> Tensor:
        """Return the product with `[F, d]`, with gradient; as bags of rows, which torch adds up without copies."""
        return F.embedding_bag(
            self.index, dense, self.offset, mode="sum", per_sample_weights=self.value, include_last_offset=True
        )


@dataclass(frozen=True)
class SparseNodes:
    """A graph with sparse features on a device.

    Attributes:
        features: sparse rows `[N, F]`.
        edge_index: `[2, E]`, both directions.
        pair: number of the undirected edge that each directed one belongs to, `[E]`.
        num_pairs: number of undirected edges.
    """

    features: SparseRows
    edge_index: Tensor
    pair: Tensor
    num_pairs: int


def sparse_nodes(data: PackedNodes, device: torch.device, features: csr_matrix[Any] | None = None) -> SparseNodes:
    """Put a graph on a device, with its own features or with these, `[N, F]`."""
    edge_index = np.asarray(data.edge_index, dtype=np.int64)
    low, high = edge_index.min(axis=0), edge_index.max(axis=0)
    number, pair = np.unique(low * data.num_nodes + high, return_inverse=True)
    rows = SparseRows.of(data.features() if features is None else features).to(device)
    return SparseNodes(rows, edges_of(data, device), torch.from_numpy(pair).to(device), len(number))


def edges_of(data: PackedNodes, device: torch.device) -> Tensor:
    """Return the edge index `[2, E]` as int64 on a device."""
    return torch.from_numpy(np.ascontiguousarray(data.edge_index, dtype=np.int64)).to(device)


class NodeEncoder(nn.Module):
    """Layers of `PReLU(aggregate(H W) + b)`, or with ReLU.

    GCN aggregates by `D^-1/2 (A + I) D^-1/2` (Kipf and Welling 2017); GAT by attention over neighbours and the node
    itself, its heads side by side (Velickovic et al. 2018, with LeakyReLU of slope 0.2 and without dropout).

    Weights are Xavier uniform, biases 0; `heads` divide `hidden`, and are None for GCN. Where they are `wide`, layers
    but the last have twice the width `hidden`.
    """

    def __init__(
        self,
        num_features: int,
        hidden: int,
        layers: int,
        generator: torch.Generator,
        heads: int | None = None,
        wide: bool = False,
        relu: bool = False,
    ) -> None:
        super().__init__()
        self.heads = heads
        widths = [*(hidden * (2 if wide else 1) for _ in range(layers - 1)), hidden]
        # [F, hidden], so that masking a feature is zeroing a row.
        self.first = _drawn((num_features, widths[0]), generator)
        self.later = nn.ParameterList(_drawn(shape, generator) for shape in pairwise(widths))
        self.bias = nn.ParameterList(nn.Parameter(torch.zeros(width)) for width in widths)
        self.acts = nn.ModuleList(nn.ReLU() if relu else PReLU() for _ in widths)
        shapes = [(heads, width // heads) for width in widths] if heads else []
        pairs = [[_drawn(shape, generator).data for _ in range(2)] for shape in shapes]
        self.attention = nn.ParameterList(nn.Parameter(torch.stack(pair)) for pair in pairs)

    def project(self, features: SparseRows, mask: Tensor | None = None) -> Tensor:
        """Return `X W` `[N, hidden]` of the first layer; `mask` `[F]` multiplies the columns of X."""
        return features.times(self.first if mask is None else self.first * mask[:, None])

    def forward(self, projected: Tensor, edge_index: Tensor) -> Tensor:
        """Embed the nodes `[N, hidden]` from the projected features, over the edges `[2, E]` without self-loops."""
        nodes = torch.arange(len(projected), device=projected.device)
        source, target = torch.cat([edge_index, nodes.expand(2, -1)], dim=1)
        degree = torch.bincount(target, minlength=len(nodes)).to(projected.dtype)
        fixed = None if self.heads else (degree[source] * degree[target]).rsqrt()
        pairs = Pairs(source, target, len(nodes))
        z = projected
        for layer, act in enumerate(self.acts):
            h = z if layer == 0 else z @ self.later[layer - 1]
            h = attend(h, pairs, self.attention[layer]) if fixed is None else pair_sum(fixed, h, pairs)
            z = act(h + self.bias[layer])
        return z


def attend(
    h: Tensor, pairs: Pairs, attention: Tensor, dropped: Callable[[Tensor], Tensor] = lambda share: share
) -> Tensor:
    """Aggregate h `[n, H * c]` by GAT's attention over the edges, self-loops among them.

    The score of edge j -> i in a head is `LeakyReLU(a_0 . h_j + a_1 . h_i)` with attention a `[2, H, c]`, softmax per
    target; `dropped` may set shares of a head `[e]` to 0. Only scores are kept for each edge, never vectors.
    """
    n, (_, heads, width) = len(h), attention.shape
    source, target = pairs.source, pairs.target
    sent, received = ((h.view(n, heads, width) * a).sum(2) for a in attention)
    score = F.leaky_relu(sent[source] + received[target], 0.2)
    # Shifted by each target's largest score, so that nothing overflows; the shift has no gradient of its own.
    place = target[:, None].expand_as(score)
    top = score.new_zeros(n, heads).scatter_reduce(0, place, score.detach(), "amax", include_self=False)
    weight = (score - top[target]).exp()
    parts = []
    for head in range(heads):
        share = weight[:, head] / sum_by_target(weight[:, head], target, n)[target]
        parts.append(pair_sum(dropped(share), h[:, head * width : (head + 1) * width], pairs))
    return torch.cat(parts, dim=1)


def _drawn(shape: tuple[int, ...], generator: torch.Generator) -> nn.Parameter:
    return nn.Parameter(nn.init.xavier_uniform_(torch.empty(shape), generator=generator))
