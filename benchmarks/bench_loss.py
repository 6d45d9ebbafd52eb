"""Local contrastive loss: blocks of rows against the whole similarity matrix, forward and backward, in one run.

    python benchmarks/bench_loss.py

Prints, for several numbers of nodes, both times, their ratio, and the memory that the whole matrix would take.
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from relamp.loss.nt_xent import local_contrastive

TAU = 0.2


def whole_matrix(h1: Tensor, h2: Tensor, graph: Tensor) -> Tensor:
    """The same loss as autograd would have it written: one matrix, masked, two log-sum-exps."""
    similarity = F.normalize(h1, dim=1) @ F.normalize(h2, dim=1).T / TAU
    masked = similarity.masked_fill(graph[:, None] == graph, -torch.inf)
    return (masked.logsumexp(1) + masked.logsumexp(0)).mean() / 2 - similarity.diagonal().mean()


def seconds(loss: Callable[[], Tensor], repeats: int = 3) -> tuple[float, float]:
    """Best time of forward and backward, and the value."""
    best, value = float("inf"), 0.0
    for _ in range(repeats):
        start = time.perf_counter()
        result = loss()
        result.backward()
        best = min(best, time.perf_counter() - start)
        value = result.item()
    return best, value


def main() -> None:
    torch.set_num_threads(1)
    print(f"{'nodes':>6} {'blocks s':>9} {'matrix s':>9} {'ratio':>6} {'matrix MB':>10}")
    for nodes in (1000, 2300, 5000):
        generator = torch.Generator().manual_seed(0)
        h1, h2 = (torch.randn(nodes, 96, generator=generator, requires_grad=True) for _ in range(2))
        graph = torch.arange(nodes) // 18
        ours, value = seconds(lambda h1=h1, h2=h2, graph=graph: local_contrastive(h1, h2, graph, TAU))
        plain, same = seconds(lambda h1=h1, h2=h2, graph=graph: whole_matrix(h1, h2, graph))
        assert abs(value - same) < 1e-4, (value, same)
        print(f"{nodes:>6} {ours:>9.3f} {plain:>9.3f} {plain / ours:>6.2f} {4 * nodes**2 / 2**20:>10.0f}")


if __name__ == "__main__":
    main()
