"""InfoNCE as M-Mix uses it: negatives are the other anchors and all positives, or in its code the positives alone."""

from typing import Literal

import torch
from torch import Tensor

from relamp.kernels.cross_sums import cross_log_sums
from relamp.kernels.log_sums import log_sums, log_sums_in_each
from relamp.loss.nt_xent import Directions, units

Contrast = Literal["all", "across"]

# Graphs of so many nodes or fewer are compared together with those of the same size.
SMALL = 128


def info_nce(
    anchor: Tensor,
    positive: Tensor,
    temperature: float = 1.0,
    directions: Directions = "one",
    as_given: bool = False,
) -> Tensor:
    """Return InfoNCE by cosine similarity, averaged over rows (M-Mix Eq. 9).

    Row i of the anchors `[n, d]`, with mixing `g(z-hat)`, belongs to row i of the positives `[n, d]`. The denominator
    has all other anchors and all positives, its own among them, so the loss is not negative. "both" averages with the
    loss of the exchanged arguments, as Eq. 10 does. Rows that are `as_given`, whose length must hardly exceed 1, are
    compared by their products. Raises ValueError for a temperature below `relamp.loss.nt_xent.MIN_TEMPERATURE`.
    """
    a, b = units(anchor, positive, temperature)
    if as_given:
        a, b = anchor, positive
    similarity = (a * b).sum(1)
    anchors = 2 * len(a) if directions == "both" else len(a)
    denominators = log_sums(torch.cat([a, b]), temperature, anchors)
    return denominators.mean() - ((similarity - 1) / temperature).mean()


def cross_info_nce(
    a: Tensor,
    b: Tensor,
    temperature: float = 1.0,
    directions: Directions = "one",
    weight: Tensor | None = None,
) -> Tensor:
    """Return InfoNCE by cosine similarity between two views alone, as M-Mix's public code has it.

    Row i of `a` `[n, d]` belongs to row i of `b` `[n, d]`, and the rows of `b` make its denominator: the cross-entropy
    over the rows of a matrix of cosines. "both" averages with that over its columns. A weight `[n]`, above 0, says how
    often a row of both views stands there. Raises ValueError for a temperature below
    `relamp.loss.nt_xent.MIN_TEMPERATURE`.
    """
    a, b = units(a, b, temperature)
    rows, columns = cross_log_sums(a, b, temperature, weight)
    denominators = (rows + columns) / 2 if directions == "both" else rows
    return _mean(denominators - ((a * b).sum(1) - 1) / temperature, weight)


def n_pair(mixed: Tensor, positive: Tensor, label: tuple[Tensor, Tensor], temperature: float = 1.0) -> Tensor:
    """Return i-mix's N-pair loss by cosine similarity, averaged over rows (Lee et al. 2021).

    The cross-entropy of each mixed row `[n, d]` over all positives `[n, d]`. The label is each row's partner `[n]` and
    own share `[n]`, which positive i has; the partner's positive has the rest. Mixed rows are no negatives of each
    other. Raises ValueError for a temperature below `relamp.loss.nt_xent.MIN_TEMPERATURE`.
    """
    a, b = units(mixed, positive, temperature)
    partner, share = label
    similarity = share * (a * b).sum(1) + (1 - share) * (a * b[partner]).sum(1)
    denominators, _ = cross_log_sums(a, b, temperature)
    return denominators.mean() - ((similarity - 1) / temperature).mean()


def node_objective(
    mixed: Tensor, other: Tensor, diversity: Tensor, temperature: float = 1.0, as_given: bool = False
) -> Tensor:
    """Return M-Mix's objective between nodes `[n, d]` (Eq. 10): InfoNCE in both directions and diversity (Eq. 8)."""
    return info_nce(mixed, other, temperature, "both", as_given) + diversity


def node_info_nce_by_graph(
    a: Tensor,
    b: Tensor,
    graph: Tensor,
    temperature: float = 1.0,
    contrast: Contrast = "all",
    weight: Tensor | None = None,
) -> Tensor:
    """Return the mean over graphs of J_node(G_i) (M-Mix Eq. 10 as Eq. 11 has it) without the diversity term.

    As `info_nce` in both directions, or with the contrast "across" as `cross_info_nce` in one, but with the nodes of
    the same graph as the only negatives, and averaged over the nodes `[n, d]` of each graph (`graph` `[n]`, ascending)
    before it is averaged over graphs. Nothing is padded: graphs of one size stand side by side. A weight `[n]`, above
    0, says how often a node stands there.
    """
    a, b = units(a, b, temperature)
    size_of = torch.bincount(graph)
    order, parts = _by_size(graph, size_of)
    share = torch.ones_like(a[:, 0]) if weight is None else weight
    share = share / share.new_zeros(len(size_of)).index_add(0, graph, share)[graph]
    rows, cut = [a, b, share, *([] if weight is None else [weight])], [n for n, _ in parts]
    blocks = zip(*(torch.split(part.index_select(0, order), cut) for part in rows), strict=True)
    total, large = a.new_zeros(()), sum(size > SMALL for _, size in parts)
    for (x, y, own, *w), (_, size) in zip(blocks, parts, strict=True):
        if size <= SMALL:
            x, y, own, *w = (part.view(-1, size, *part.shape[1:]) for part in (x, y, own, *w))
        of = _across if contrast == "across" else _all
        total = total + (of(x, y, temperature, w[0] if w else None, large) * own).sum()
    positive = ((a * b).sum(1) - 1) / temperature
    return (total - (positive * share).sum()) / (size_of > 0).sum()


def _all(x: Tensor, y: Tensor, temperature: float, weight: Tensor | None, calls: int) -> Tensor:
    """Return the logarithms of Eq. 9's denominators, a mean over both directions, `[n]` or in each of some graphs."""
    h, double = torch.cat([x, y], dim=-2), None if weight is None else torch.cat([weight, weight], dim=-1)
    if x.dim() == 2:
        both = log_sums(h, temperature, calls=calls, weight=double)
    else:
        both = log_sums_in_each(h, temperature, double)
    return (both[..., : x.shape[-2]] + both[..., x.shape[-2] :]) / 2


def _across(x: Tensor, y: Tensor, temperature: float, weight: Tensor | None, _: int) -> Tensor:
    """Return those of the rows of x against the rows of y."""
    if x.dim() == 2:
        return cross_log_sums(x, y, temperature, weight)[0]
    scores = (x @ y.transpose(1, 2) - 1) / temperature
    return (scores if weight is None else scores + weight.log()[:, None]).logsumexp(2)


def _by_size(graph: Tensor, size_of: Tensor) -> tuple[Tensor, list[tuple[int, int]]]:
    """Return the nodes `[n]` by the size of their graph, and of each part the number of nodes and the graphs' size.

    A part is all small graphs of a size, or one that is not small.
    """
    order = torch.argsort(size_of[graph], stable=True)
    sizes, counts = (found.tolist() for found in torch.unique(size_of[size_of > 0], return_counts=True))
    parts: list[tuple[int, int]] = []
    for size, count in zip(sizes, counts, strict=True):
        parts += [(count * size, size)] if size <= SMALL else [(size, size)] * count
    return order, parts


def _mean(values: Tensor, weight: Tensor | None) -> Tensor:
    return values.mean() if weight is None else (values * weight).sum() / weight.sum()
