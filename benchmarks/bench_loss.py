"""LAMP's local loss against its three bare matrix products and the whole matrix in plain torch, in one run.

    python benchmarks/bench_loss.py

Prints, for several numbers of nodes N_s, the times of forward and backward and how often relamp takes a bare one.
"""

import statistics

import torch
from common import one_thread, paired
from torch import Tensor
from torch.nn import functional as F

from relamp.loss.nt_xent import contrast

TAU, DIMENSION, NODES_A_GRAPH = 0.2, 96, 18


def whole_matrix(h1: Tensor, h2: Tensor, graph: Tensor) -> Tensor:
    """The same loss as autograd would have it written: one matrix, masked, two log-sum-exps."""
    similarity = F.normalize(h1, dim=1) @ F.normalize(h2, dim=1).T / TAU
    masked = similarity.masked_fill(graph[:, None] == graph, -torch.inf)
    return (masked.logsumexp(1) + masked.logsumexp(0)).mean() / 2 - similarity.diagonal().mean()


def bare(h1: Tensor, h2: Tensor, rows: int = 1024) -> None:
    """The products alone: similarities, and both gradients."""
    for start in range(0, len(h1), rows):
        part = h1[start : start + rows] @ h2.T
        _ = part @ h2, part.T @ h1[start : start + rows]


def main() -> None:
    one_thread()
    print("| N_s | bare products, s | whole matrix, s | relamp, s | relamp / bare | whole / relamp | n |")
    print("|---|---|---|---|---|---|---|")
    for nodes, repetitions in ((1250, 15), (2500, 9), (5000, 7), (10000, 3)):
        generator = torch.Generator().manual_seed(0)
        h1, h2 = (torch.randn(nodes, DIMENSION, generator=generator, requires_grad=True) for _ in range(2))
        graph = torch.arange(nodes) // NODES_A_GRAPH
        values: dict[str, float] = {}

        def own(h1=h1, h2=h2, graph=graph, values=values) -> None:  # type: ignore[no-untyped-def]
            loss = contrast(h1, h2, graph, TAU)
            loss.backward()
            values["own"] = loss.item()

        def whole(h1=h1, h2=h2, graph=graph, values=values) -> None:  # type: ignore[no-untyped-def]
            loss = whole_matrix(h1, h2, graph)
            loss.backward()
            values["whole"] = loss.item()

        with_bare = paired(lambda h1=h1, h2=h2: bare(h1.detach(), h2.detach()), own, repetitions)
        slow = float("nan")
        if nodes <= 5000:
            slow = statistics.median(paired(whole, own, 3)[0])
            assert abs(values["own"] - values["whole"]) < 1e-4, values
        least, ours = (statistics.median(times) for times in with_bare)
        print(
            f"| {nodes} | {least:.4f} | {slow:.4f} | {ours:.4f} | **{ours / least:.2f}** | {slow / ours:.1f} "
            f"| {repetitions} |"
        )


if __name__ == "__main__":
    main()
