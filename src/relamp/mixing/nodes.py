"""Mixing a sample of a graph's nodes as they would be mixed in the whole graph."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from relamp.mixing.base import Mixed, Mixer


def mix_nodes(
    mixer: Mixer,
    embed: Callable[[Tensor | None], Tensor],
    edge_index: Tensor,
    sample: Tensor | None,
    num_nodes: int,
    random: torch.Generator | None,
) -> Mixed:
    """Mix the sampled nodes, distinct `[n]`; None is all; z `[n, d]` is in the sample's order.

    The diversity term is the mean over them and the nodes that are mixed into them. `embed` returns the embeddings
    `[m, d]` of the nodes `[m]` that it is given, None being all of them in order.
    """
    rows, edges = mixing_rows(mixer, edge_index, sample, num_nodes)
    mixed = mixer(embed(rows), edges, random)
    if sample is None:
        return mixed
    return replace(mixed, z=mixed.z[sample] if rows is None else mixed.z[: len(sample)])


def mixing_rows(
    mixer: Mixer, edge_index: Tensor, sample: Tensor | None, num_nodes: int
) -> tuple[Tensor | None, Tensor | None]:
    """Return which nodes a mixer needs so that the first n of them are mixed right, and their edges.

    Mixers over neighbours need the sample's neighbours, and with the operator "adjacency" the neighbours' degrees,
    hence all nodes; the others mix within the sample. None stands for all nodes in their order.
    """
    if mixer.reach == "batch":
        return sample, None
    if sample is None or mixer.reach == "graph":
        return None, edge_index
    return neighbourhood(edge_index, sample, num_nodes)


def neighbourhood(edge_index: Tensor, sample: Tensor, num_nodes: int) -> tuple[Tensor, Tensor]:
    """Return what one round of messages along `[2, E]` to the sample `[n]`, distinct nodes, needs.

    These are nodes `[m]`, first the sample in its order, then the other sources of messages to it; and those messages,
    `[2, e]`, numbered by their places among these nodes.
    """
    place = torch.full((num_nodes,), -1, device=sample.device)
    place[sample] = torch.arange(len(sample), device=sample.device)
    edges = edge_index[:, place[edge_index[1]] >= 0]
    outside = torch.unique(edges[0][place[edges[0]] < 0])
    place[outside] = torch.arange(len(sample), len(sample) + len(outside), device=sample.device)
    return torch.cat([sample, outside]), place[edges]


def taken(values: Tensor, rows: Tensor | None) -> Tensor:
    """Return some rows of `[N, d]`, or all without copying."""
    return values if rows is None else values[rows]
