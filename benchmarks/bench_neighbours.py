"""Sums over neighbours, forward and backward, against `index_add`: one batch of 128 graphs, width 32, in one run.

    python benchmarks/bench_neighbours.py MUTAG
    python benchmarks/bench_neighbours.py PROTEINS IMDB-BINARY --mirror /data/benchmarks

What is made once per batch (offsets, and whether edges go both ways) is timed apart.
"""

import numpy as np
import torch
from common import arguments, data_set, one_thread, paired, row

from relamp.data.batch import collate
from relamp.kernels.segments import Neighbours, neighbour_sum


def main() -> None:
    given = arguments(__doc__, repetitions=51).parse_args()
    one_thread()
    print("| batch | index_add, s | relamp, s | ratio | n |\n|---|---|---|---|---|")
    for name in given.datasets:
        data = data_set(name, given.mirror)
        batch = collate(data, np.random.default_rng(0).permutation(len(data))[:128])
        n, (source, target) = len(batch.x), batch.edge_index
        h = torch.randn(n, 32, generator=torch.Generator().manual_seed(0), requires_grad=True)
        g = torch.randn(n, 32, generator=torch.Generator().manual_seed(1))
        neighbours = Neighbours(batch.edge_index, n)
        results: dict[str, torch.Tensor] = {}

        def plain(h=h, g=g, source=source, target=target, n=n, results=results) -> None:  # type: ignore[no-untyped-def]
            total = h.new_zeros(n, 32).index_add(0, target, h[source])
            results["plain"] = torch.autograd.grad(total, h, g)[0]

        def own(h=h, g=g, neighbours=neighbours, results=results) -> None:  # type: ignore[no-untyped-def]
            results["own"] = torch.autograd.grad(neighbour_sum(h, neighbours), h, g)[0]

        slow, fast = paired(plain, own, given.repetitions)
        torch.testing.assert_close(results["own"], results["plain"], rtol=1e-4, atol=1e-4)

        def prepared(batch=batch, n=n) -> None:  # type: ignore[no-untyped-def]
            made = Neighbours(batch.edge_index, n)
            _ = made.heard, made.hearers

        once, _ = paired(prepared, lambda: None, given.repetitions)
        print(row(f"{name}: {n} nodes, {len(source)} edges", slow, fast))
        print(f"| {name}, once per batch | | {np.median(once):.4f} | | {len(once)} |")


if __name__ == "__main__":
    main()
