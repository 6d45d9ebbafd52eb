"""MVGRL for nodes and graphs: a branch on the normalised adjacency, one on its diffusion (Hassani, Khasahmadi 2020)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.data.packed import Integers
from relamp.graph.diffusion import adjacencies, chebyshev_coefficients, diffuse
from relamp.kernels.prelu import PReLU
from relamp.kernels.product import drawn_linear, linear
from relamp.kernels.symmetric import chebyshev_sum, symmetric
from relamp.mixing.base import Mixed, Mixer
from relamp.mixing.nodes import mix_nodes, taken
from relamp.mixing.similarity import make_mixer, mixing_mlp
from relamp.model.node_encoder import SparseRows
from relamp.model.padding import View, averaged
from relamp.settings.mixing import MixSettings
from relamp.settings.nodes import Diffusion, DiffusionSettings


def branch_inputs(
    edge_index: Integers,
    x: csr_matrix[np.float32],
    kind: Diffusion | Literal["adjacency"] = "ppr",
    alpha: float = 0.2,
    time: float = 5.0,
    tolerance: float = 1e-6,
    weight: NDArray[np.float32] | None = None,
    loop_weight: float = 1,
    diffusion: csr_matrix[np.float64] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return `S X` `[N, F]` of both branches, with the normalised adjacency and with its diffusion.

    A branch is `PReLU(S X W + b)`, and `S X` knows no weights: it is computed once, from the edges `[2, E]` in both
    directions and X `[N, F]`, without a matrix of N x N. Self-loops of the adjacency have the `loop_weight`. For the
    diffusion see `relamp.graph.diffusion.diffuse`; it may be given as a sparse matrix. With "adjacency" both branches
    see the same.

    Weights are those of `relamp.graph.diffusion.adjacencies`.
    """
    adjacency, signs = adjacencies(edge_index, x.shape[0], weight, loop_weight)
    near = _product(adjacency, x)
    if kind == "adjacency":
        return near, near
    return near, diffuse(signs, x, kind, alpha, time, tolerance) if diffusion is None else _product(diffusion, x)


def _product(operator: csr_matrix[np.float64], x: csr_matrix[np.float32]) -> NDArray[np.float32]:
    product: csr_matrix[np.float64] = csr_matrix(operator @ x)
    dense: NDArray[np.float32] = product.toarray().astype(np.float32)
    return dense


class Branch(nn.Module):
    """One GCN layer whose operator was applied to the features before: `PReLU(S X W + b)`."""

    def __init__(self, columns: int, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.linear = drawn_linear(columns, hidden, generator)
        self.act = PReLU()

    def forward(self, inputs: Tensor) -> Tensor:
        """Return z `[n, hidden]` of `S X` `[n, columns]`."""
        z: Tensor = self.act(self.linear(inputs))
        return z


class MVGRLEncoder(nn.Module):
    """Two branches without shared weights; branch a's nodes are mixed, and g follows (M-Mix Section 3.3, Fig. 1).

    With the layer "code", branch a mixes A X W, and g stands before the bias and the PReLU of its layer. Without a
    mixer, which is not the mixer "none", branch a is contrasted as it is, without g.
    """

    def __init__(
        self,
        columns: int,
        hidden: int,
        generator: torch.Generator,
        mixer: str | None,
        mix: MixSettings,
        loop_weight: float = 1,
    ) -> None:
        super().__init__()
        # Branches are drawn first, so that methods start from the same ones.
        self.a, self.b = (Branch(columns, hidden, generator) for _ in range(2))
        self.head: nn.Module | None = None
        self.mixer: Mixer | None = None
        self.inside = mix.layer == "code"
        if mixer is not None:
            self.head = mixing_mlp(hidden, generator, bias=not self.inside)
            self.mixer = make_mixer(mixer, hidden, mix, generator, loop_weight)

    def forward(self, near: Tensor, far: Tensor) -> tuple[Tensor, Tensor]:
        """Return the nodes of both branches, z `[n, hidden]` each, of `S X` `[n, columns]`."""
        return self.a(near), self.b(far)

    def views(
        self,
        near: Tensor,
        far: Tensor,
        edge_index: Tensor,
        random: torch.Generator | None,
        sample: Tensor | None = None,
    ) -> tuple[Mixed, Tensor]:
        """Return what is contrasted: branch a's nodes as `g(z-hat)`, and z of branch b, `[n, hidden]` each.

        They are those of the sample `[n]`, or all, of `S X` of all nodes `[N, columns]` and edges `[2, E]`.
        """
        other = self.b(taken(far, sample))
        if self.mixer is None or self.head is None:
            return Mixed(self.a(taken(near, sample)), other.new_zeros(())), other
        mixed = self._mixed(self.mixer, near, edge_index, random, sample)
        return replace(mixed, z=self._after(mixed.z)), other

    def _mixed(
        self, mixer: Mixer, near: Tensor, edges: Tensor, random: torch.Generator | None, sample: Tensor | None = None
    ) -> Mixed:
        return mix_nodes(mixer, lambda rows: self._to_mix(taken(near, rows)), edges, sample, len(near), random)

    def _to_mix(self, near: Tensor) -> Tensor:
        """Return what branch a mixes, `[m, hidden]`, of `S X` `[m, columns]`."""
        if self.inside:
            return linear(near, self.a.linear.weight)
        # The layer is linear up to its activation, so that mixing there mixes S X, at less cost. That is not what it is
        # to mix X and then to propagate it, as on the host GRACE.
        layer: nn.Module = self.a.linear if self.mixer is not None and self.mixer.mixes_inputs else self.a
        made: Tensor = layer(near)
        return made

    def _after(self, mixed: Tensor) -> Tensor:
        """Return branch a's output, `[n, hidden]`, of what was mixed."""
        if self.head is None or self.mixer is None:
            raise ValueError("an encoder without a mixer mixes nothing")
        if self.inside:
            made: Tensor = self.a.act(self.head(mixed) + self.a.linear.bias)
        else:
            made = self.head(self.a.act(mixed) if self.mixer.mixes_inputs else mixed)
        return made

    def readout(
        self,
        near: Tensor,
        far: Tensor,
        edge_index: Tensor,
        random: torch.Generator,
        which: Literal["encoder", "output"],
    ) -> tuple[Tensor, Tensor]:
        """Return the nodes of both branches `[N, hidden]`: as they are encoded, or branch a's after mixing and g.

        A mixer of inputs has no mixture of its own for a node, and leaves them as they are.
        """
        a, b = self.a(near), self.b(far)
        if which == "output" and self.mixer is not None:
            plain = self.mixer.mixes_inputs
            a = self._after(self._to_mix(near) if plain else self._mixed(self.mixer, near, edge_index, random).z)
        return a, b

    def padded(
        self,
        near: Tensor,
        batch: Batch,
        random: torch.Generator | None,
        which: Literal["encoder", "output"] = "output",
    ) -> tuple[Mixed, Tensor]:
        """Return what padded nodes have in both branches, `[G, hidden]` or, if all have the same, `[1, hidden]`.

        The softmax over no neighbour, with which M-Mix's public code mixes them, has equal weights for all nodes of the
        padded graph, here without dropout; mixers that reach no neighbour leave them as they are. The diversity is that
        of one of them.
        """
        nothing = near.new_zeros(1, near.shape[1])
        if which == "encoder" or self.mixer is None:
            a, b = self(nothing, nothing)
            return Mixed(a, a.new_zeros(())), b
        own = self._to_mix(nothing)
        alone = self.mixer(own, batch.edge_index[:, :0], random)
        if self.mixer.reach != "batch":
            own = averaged(View(self._to_mix(near), own), batch)
        return replace(alone, z=self._after(own)), self.b(nothing)


Combine = Callable[[Tensor, Tensor], Tensor]
COMBINED: dict[str, Combine] = {
    "a": lambda a, _: a,
    "b": lambda _, b: b,
    "sum": lambda a, b: a + b,
    "average": lambda a, b: (a + b) / 2,
    "concat": lambda a, b: torch.cat([a, b], dim=1),
}


@dataclass(frozen=True)
class Operators:
    """Both branches' operators, to be applied to hidden features: shuffled features cannot be diffused beforehand.

    Attributes:
        features: X, `[N, F]`.
        adjacency: the normalised one of branch a, `[N, N]`.
        walk: the one of which the diffusion is made, with self-loops of weight 1.
        coefficients: of the diffusion in Chebyshev polynomials of `walk`, see `relamp.graph.diffusion`.
        diffusion: itself, where it was made as a sparse matrix.
    """

    features: SparseRows
    adjacency: SparseRows
    walk: SparseRows
    coefficients: tuple[float, ...]
    diffusion: SparseRows | None = None

    @classmethod
    def of(
        cls,
        edge_index: Integers,
        x: csr_matrix[np.float32],
        settings: DiffusionSettings,
        device: torch.device,
        diffusion: csr_matrix[np.float64] | None = None,
    ) -> Self:
        """Return those of a graph with edges `[2, E]` and features `[N, F]`, perhaps with its diffusion."""
        operators = adjacencies(edge_index, x.shape[0], loop_weight=settings.loop_weight)
        adjacency, walk = (SparseRows.of(operator).to(device) for operator in operators)
        series = chebyshev_coefficients(settings.kind, settings.alpha, settings.time, settings.tolerance)
        made = None if diffusion is None else SparseRows.of(diffusion).to(device)
        return cls(SparseRows.of(x).to(device), adjacency, walk, tuple(series.tolist()), made)

    def a(self, y: Tensor) -> Tensor:
        """Return `S y` `[N, d]` for branch a."""
        return symmetric(y, self.adjacency.times)

    def b(self, y: Tensor) -> Tensor:
        """Return `S y` `[N, d]` for branch b."""
        if self.diffusion is not None:
            return self.diffusion.times(y)
        return symmetric(y, lambda y: chebyshev_sum(y, self.walk.times, self.coefficients))


class LocalGlobal(nn.Module):
    """A discriminator that tells a node of the graph from one of shuffled features, by the other branch's summary.

    It is torch's bilinear layer as MVGRL's public code draws it: the weight has a third axis, which makes Xavier's
    bound `sqrt(6 / (hidden^2 + hidden))`, and there is a bias of 0. Without `bilinear` the bound is that of a matrix,
    `sqrt(3 / hidden)`, and there is no bias.
    """

    def __init__(self, hidden: int, generator: torch.Generator, bilinear: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(hidden, hidden))
        nn.init.xavier_uniform_(self.weight.data[None] if bilinear else self.weight, generator=generator)
        self.bias = nn.Parameter(torch.zeros(1)) if bilinear else None

    def forward(self, a: Tensor, b: Tensor, false_a: Tensor, false_b: Tensor) -> Tensor:
        """Return the cross-entropy of `h W s`, s being the sigmoid of the other branch's mean, of nodes `[n, d]`."""
        summary_a, summary_b = (self.weight @ torch.sigmoid(z.mean(0)) for z in (a, b))
        true = torch.cat([b @ summary_a, a @ summary_b])
        false = torch.cat([false_b @ summary_a, false_a @ summary_b])
        if self.bias is not None:
            true, false = true + self.bias, false + self.bias
        return (F.softplus(-true).mean() + F.softplus(false).mean()) / 2
