"""What a node-level host framework offers to training, and the part of a graph that a step needs."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from relamp.data.nodes import PackedNodes
from relamp.mixing.similarity import Mixer
from relamp.settings.nodes import Branch, NodePretraining

# Mixers that look at neighbours only; all others, and all in the scope "op", mix among the rows they are given.
_NEIGHBOUR_MIXERS = ("mo-mix", "mp-mix", "mp-mix-nodiv", "random-mix")


@dataclass(frozen=True)
class Views:
    """Two views of the sampled nodes, ready for the objective (Eq. 10).

    Attributes:
        mixed: `g(z-hat)` of branch a, `[n, d]`.
        other: branch b, `[n, d]`.
        diversity: Eq. 8, from the mixer.
        label: i-mix's virtual label.
    """

    mixed: Tensor
    other: Tensor
    diversity: Tensor
    label: tuple[Tensor, Tensor] | None = None


class Host(Protocol):
    """A host framework: a module that makes two views of the nodes, and embeds them."""

    def views(self, graph: Any, sample: Tensor | None, random: torch.Generator) -> Views:
        """Return the views of the nodes in `sample` `[n]`, or of all of them."""

    def embed(self, graph: Any, random: torch.Generator) -> dict[Branch, Tensor]:
        """Return the embeddings of all nodes, `[N, d]` for each branch."""


def neighbourhood(edge_index: Tensor, sample: Tensor, num_nodes: int) -> tuple[Tensor, Tensor]:
    """Return what one round of messages to the sampled nodes needs.

    Args:
        edge_index: `[2, E]`, from row 0 to row 1.
        sample: distinct nodes `[n]`.
        num_nodes: N.

    Returns:
        Nodes `[m]`, first the sample in its order, then the other sources of messages to it; and those messages,
        `[2, e]`, in the numbers of their places among these nodes.
    """
    place = torch.full((num_nodes,), -1, device=sample.device)
    place[sample] = torch.arange(len(sample), device=sample.device)
    edges = edge_index[:, place[edge_index[1]] >= 0]
    outside = torch.unique(edges[0][place[edges[0]] < 0])
    place[outside] = torch.arange(len(sample), len(sample) + len(outside), device=sample.device)
    return torch.cat([sample, outside]), place[edges]


def mixing_rows(
    settings: NodePretraining, edge_index: Tensor, sample: Tensor | None, num_nodes: int
) -> tuple[Tensor | None, Tensor | None]:
    """Return which nodes the mixer must be given so that the first n of them are mixed right, and their edges.

    Mixers in the scope "wp" need the sample's neighbours, and with the operator "adjacency" the neighbours' degrees,
    hence all nodes; the others mix within the sample. None stands for all nodes in their order.
    """
    if settings.mixer not in _NEIGHBOUR_MIXERS or settings.mix.scope == "op":
        return sample, None
    if sample is None or settings.mix.operator == "adjacency":
        return None, edge_index
    return neighbourhood(edge_index, sample, num_nodes)


def first_rows(z: Tensor, rows: Tensor | None, sample: Tensor | None) -> Tensor:
    """Return the rows of the sample, where z `[m, d]` belongs to `rows` as `mixing_rows` gave them."""
    if sample is None:
        return z
    return z[sample] if rows is None else z[: len(sample)]


def mix_sample(
    mixer: Mixer, z: Tensor, rows: Tensor | None, edges: Tensor | None, sample: Tensor | None, random: torch.Generator
) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor] | None]:
    """Mix z `[m, d]`, which belongs to `rows`; return the sample's mixed rows `[n, d]`, the diversity term, the label.

    The diversity term is the mean over `rows`: the sampled nodes and those that are mixed into them.
    """
    mixed = mixer(z, edges, random)
    return first_rows(mixed.z, rows, sample), mixed.diversity, mixed.label


def taken(values: Tensor, rows: Tensor | None) -> Tensor:
    """Return some rows, or all without copying."""
    return values if rows is None else values[rows]


def edges_of(data: PackedNodes, device: torch.device) -> Tensor:
    """Return the edge index `[2, E]` as int64 on a device."""
    return torch.from_numpy(np.ascontiguousarray(data.edge_index, dtype=np.int64)).to(device)
