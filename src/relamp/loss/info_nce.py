"""InfoNCE as M-Mix uses it: the negatives are the other anchors as well as all positives."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.utils.checkpoint import checkpoint

from relamp.loss.nt_xent import Directions, units

ROWS_AT_ONCE = 1024
NODES_AT_ONCE = 256


class _LogDenominators(Function):
    """Mean over the first `anchors` rows i of `log sum_{j != i} exp((h_i . h_j - 1) / temperature)`.

    Similarities are made a few rows at a time, in forward and again in backward, so memory grows with n instead of n
    squared, and each is made once for its two rows. Shifted by their upper bound, they do not overflow.
    """

    @staticmethod
    def forward(ctx: Any, h: Tensor, anchors: int, temperature: float) -> Tensor:
        row_sum = h.new_zeros(len(h))
        for start in range(0, anchors, ROWS_AT_ONCE):
            end = min(start + ROWS_AT_ONCE, anchors)
            weights = _weights(h, start, end, temperature)
            row_sum[start:end] += weights.sum(1)
            row_sum[end:] += weights[:, end - start :].sum(0)
        row_sum = row_sum[:anchors]
        ctx.save_for_backward(h, row_sum)
        ctx.temperature = temperature
        return row_sum.log().mean()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        h, row_sum = ctx.saved_tensors
        anchors = len(row_sum)
        share, grad = h.new_zeros(len(h)), torch.zeros_like(h)
        share[:anchors] = 1 / row_sum
        for start in range(0, anchors, ROWS_AT_ONCE):
            end = min(start + ROWS_AT_ONCE, anchors)
            # The pair i, j is in the denominators of both.
            pull = _weights(h, start, end, ctx.temperature).mul_(share[start:end, None] + share[start:])
            grad[start:end] += pull @ h[start:]
            grad[end:] += pull[:, end - start :].T @ h[start:end]
        return grads[0] / (anchors * ctx.temperature) * grad, None, None


def _weights(h: Tensor, start: int, end: int, temperature: float) -> Tensor:
    """Return `exp((h_i . h_j - 1) / temperature)` for rows i from `start` to `end` and j from `start`, 0 for j = i."""
    similarity = h[start:end] @ h[start:].T
    similarity.sub_(1).div_(temperature).exp_()
    return similarity.fill_diagonal_(0)


def info_nce(
    anchor: Tensor,
    positive: Tensor,
    temperature: float = 1.0,
    directions: Directions = "one",
    label: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Return InfoNCE by cosine similarity, averaged over rows (M-Mix Eq. 9).

    Row i of the anchors `[n, d]`, with mixing `g(z-hat)`, belongs to row i of the positives `[n, d]`. The denominator
    has all other anchors and all positives, its own among them, so the loss is not negative without a label.

    "both" averages with the loss of the exchanged arguments, as Eq. 10 does. i-mix has a label, in one direction only:
    each anchor's partner `[n]` and own share `[n]`, which positive i has, and the partner's positive the rest. Raises
    ValueError for a label in both directions, or a temperature below `relamp.loss.nt_xent.MIN_TEMPERATURE`.
    """
    if label is not None and directions == "both":
        raise ValueError("a mixed label tells what anchors are made of, positives have none: one direction only")
    a, b = units(anchor, positive, temperature)
    similarity = (a * b).sum(1)
    if label is not None:
        partner, share = label
        similarity = share * similarity + (1 - share) * (a * b[partner]).sum(1)
    anchors = 2 * len(a) if directions == "both" else len(a)
    denominators: Tensor = _LogDenominators.apply(torch.cat([a, b]), anchors, temperature)  # type: ignore[no-untyped-call]
    return denominators - ((similarity - 1) / temperature).mean()


def node_objective(
    mixed: Tensor,
    other: Tensor,
    diversity: Tensor,
    temperature: float = 1.0,
    label: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Return M-Mix's objective between nodes `[n, d]` (Eq. 10): InfoNCE in both directions and the diversity (Eq. 8).

    With i-mix's label there is one direction, see `info_nce`.
    """
    return info_nce(mixed, other, temperature, "one" if label is not None else "both", label) + diversity


def node_info_nce_by_graph(a: Tensor, b: Tensor, graph: Tensor, temperature: float = 1.0) -> Tensor:
    """Return the mean over graphs of J_node(G_i) (M-Mix Eq. 10 as Eq. 11 has it) without the diversity term.

    As `info_nce` in both directions, but with the nodes of the same graph as the only negatives, and
    averaged over the nodes `[n, d]` of each graph (`graph` `[n]`, ascending) before it is averaged over graphs. Graphs
    stay packed: similarities are made for some whole graphs at a time, in forward and again in backward.
    """
    a, b = units(a, b, temperature)
    blocks: list[Tensor] = [
        checkpoint(_per_node, a[rows], b[rows], graph[rows], temperature, use_reentrant=False, preserve_rng_state=False)
        for rows in _whole_graphs(graph)
    ]
    sizes = torch.bincount(graph)
    weight = 1 / sizes[graph].to(a.dtype)
    return (torch.cat(blocks) * weight).sum() / (sizes > 0).sum()


def _per_node(a: Tensor, b: Tensor, graph: Tensor, temperature: float) -> Tensor:
    """Return the loss of each node `[n]`, both directions averaged."""
    same = graph[:, None] == graph
    others = same & ~torch.eye(len(a), dtype=torch.bool, device=a.device)

    def terms(x: Tensor, y: Tensor, among: Tensor) -> Tensor:
        # Shifted by the upper bound of a similarity, so that nothing overflows.
        return ((x @ y.T - 1) / temperature).exp() * among

    across = terms(a, b, same)
    from_a, from_b = terms(a, a, others).sum(1) + across.sum(1), terms(b, b, others).sum(1) + across.sum(0)
    return (from_a.log() + from_b.log()) / 2 - ((a * b).sum(1) - 1) / temperature


def _whole_graphs(graph: Tensor) -> Iterator[slice]:
    """Yield ranges of nodes that hold whole graphs: as many as fit into NODES_AT_ONCE nodes, or a larger one alone."""
    ends = torch.bincount(graph).cumsum(0).tolist()
    start = done = 0
    for end in ends:
        if end - start > NODES_AT_ONCE and done > start:
            yield slice(start, done)
            start = done
        done = end
    if done > start:
        yield slice(start, done)
