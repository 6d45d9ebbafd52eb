"""MVGRL between graphs as M-Mix sets it up: one GCN layer on the adjacency, one on the diffusion, no shared weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.packed import PackedGraphs
from relamp.graph.diffusion import diffuse, normalised_adjacency
from relamp.mixing.similarity import Mixer, MixSettings, make_mixer, mixing_mlp
from relamp.model.embeddings import Embeddings, Encoder, mean_pool, sum_pool
from relamp.settings.graphs import MmixOptions

NODES_AT_ONCE = 50_000


def node_features(data: PackedGraphs, options: MmixOptions) -> csr_matrix[np.float32]:
    """Return X: one-hot node labels, degrees (without self-loops) or both, `[N, columns]`."""
    labels, degrees = _shown(data.cardinality, options)
    columns = []
    if labels:
        columns += [_one_hot(data.x[:, c].astype(np.int64), size) for c, size in enumerate(data.cardinality)]
    if degrees:
        source, target = data.global_edge_index()
        degree = np.bincount(target[source != target], minlength=len(data.x))
        columns.append(_one_hot(np.minimum(degree, options.max_degree), options.max_degree + 1))
    return csr_matrix(hstack(columns))


def num_columns(cardinality: Sequence[int], options: MmixOptions) -> int:
    """Return the width of X, which does not depend on the graphs."""
    labels, degrees = _shown(cardinality, options)
    return labels * sum(cardinality) + degrees * (options.max_degree + 1)


def _shown(cardinality: Sequence[int], options: MmixOptions) -> tuple[bool, bool]:
    """Return whether X shows labels (or the constant that stands for them), and whether it shows degrees."""
    labelled = sum(cardinality) > len(cardinality)
    if options.features == "labels":
        return True, False
    return labelled, not labelled or options.features == "labels-and-degrees"


def branch_features(data: PackedGraphs, options: MmixOptions) -> NDArray[np.float32]:
    """Return what both branches see, S_a X beside S_b X, `[N, 2 columns]`.

    A GCN layer is PReLU(S X W + b), and S X does not depend on weights: it is computed here, once, and never again.
    """
    parts = [np.zeros((0, 2 * num_columns(data.cardinality, options)), dtype=np.float32)]
    for part in _parts(data):
        x = node_features(part, options)
        adjacency = normalised_adjacency(part.global_edge_index(), len(part.x))
        near = (adjacency @ x).toarray().astype(np.float32)
        far = near
        if options.diffusion != "adjacency":
            far = diffuse(adjacency, x, options.diffusion, options.alpha, options.time)
        parts.append(np.concatenate([near, far], axis=1, dtype=np.float32))
    return np.concatenate(parts)


def _one_hot(number: NDArray[np.int64], size: int) -> csr_matrix[np.float32]:
    rows = np.arange(len(number) + 1)
    return csr_matrix((np.ones(len(number), dtype=np.float32), number, rows), shape=(len(number), size))


def _parts(data: PackedGraphs) -> Iterator[PackedGraphs]:
    """Cut a data set into whole graphs of NODES_AT_ONCE nodes or a little more: graphs do not touch each other."""
    number = data.node_offset[:-1] // NODES_AT_ONCE
    for graphs in np.split(np.arange(len(data)), np.flatnonzero(np.diff(number)) + 1):
        part = data.take(graphs)
        if len(part.x):
            yield part


@dataclass(frozen=True)
class Contrasted:
    """What the objectives compare.

    Attributes:
        a, b: nodes of both branches `[n, d]`; a is mixed and has passed g.
        diversity: the term of Eq. 8.
    """

    a: Tensor
    b: Tensor
    diversity: Tensor


class MVGRLGraph(Encoder):
    """Two branches PReLU(S X W + b) with weights of their own (M-Mix Section 3.3), pooled.

    Args:
        columns: width of X; a batch's `features` have twice as many columns, see `branch_features`.
        hidden: width of a branch.
        mixer: name of what makes the hard negatives of branch a, see `relamp.mixing`, which g follows; None
            where branch a is contrasted as it is.
        options: `mix`, and `branch`, `pooling` and `readout`, which say what the embedding of a graph is.
        generator: source of the initial weights, Xavier uniform; biases 0. Branches are drawn first, so that methods
            start from the same ones.
    """

    def __init__(
        self, columns: int, hidden: int, mixer: str | None, options: MmixOptions, generator: torch.Generator
    ) -> None:
        """Draw the initial weights."""
        super().__init__()
        self.dim, self.columns, self.options = hidden, columns, options
        self.branch_a, self.branch_b = (_branch(columns, hidden, generator) for _ in range(2))
        self.g: nn.Module | None = None
        self.mixer: Mixer | None = None
        if mixer is not None:
            self.g = mixing_mlp(hidden, generator)
            self.mixer = make_mixer(mixer, hidden, MixSettings(**options.mix.model_dump()), generator)

    def branches(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return Z_a and Z_b, `[n, hidden]` each."""
        if batch.features is None:
            raise ValueError("a batch for MVGRL needs features: see branch_features")
        near, far = batch.features[:, : self.columns], batch.features[:, self.columns :]
        return self.branch_a(near), self.branch_b(far)

    def contrasted(self, batch: Batch, random: torch.Generator | None) -> Contrasted:
        """Return both branches as the objectives see them: a after mixing over the neighbours, and after g."""
        a, b = self.branches(batch)
        if self.mixer is None or self.g is None:
            return Contrasted(a, b, a.new_zeros(()))
        mixed = self.mixer(a, batch.edge_index, random)
        return Contrasted(self.g(mixed.z), b, mixed.diversity)

    def forward(self, batch: Batch) -> Embeddings:
        """Embed a batch: nodes `[n, hidden]` a branch, graphs `[G, hidden]`."""
        if self.options.readout == "encoder":
            a, b = self.branches(batch)
        else:
            # A mixer with random weights draws the same ones each time, so that embeddings stay what they are.
            made = self.contrasted(batch, torch.Generator(batch.x.device).manual_seed(0))
            a, b = made.a, made.b
        wanted = {"a": a, "b": b, "sum": a + b, "average": (a + b) / 2}[self.options.branch]
        return Embeddings((a, b), self.pooled(wanted, batch))

    def pooled(self, z: Tensor, batch: Batch) -> Tensor:
        """Return a graph's embedding, `[G, hidden]`, of those of its nodes, `[n, hidden]`."""
        pool = mean_pool if self.options.pooling == "mean" else sum_pool
        return pool(z, batch.graph, batch.num_graphs)


def _branch(columns: int, hidden: int, generator: torch.Generator) -> nn.Sequential:
    linear = nn.Linear(columns, hidden)
    nn.init.xavier_uniform_(linear.weight, generator=generator)
    nn.init.zeros_(linear.bias)
    return nn.Sequential(linear, nn.PReLU())
