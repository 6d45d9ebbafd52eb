"""Time and memory against the number of graphs, the sampled nodes N_s of the local loss, and the edges of a batch.

    python benchmarks/bench_growth.py --mirror /data/benchmarks --picture docs/growth.png

Each size runs in a process of its own, whose highest memory is told; exponents are slopes of log time over log size.
"""

import argparse
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from bench_epoch import own_epoch
from common import data_set, one_thread
from matplotlib.figure import Figure

from relamp.data.packed import PackedGraphs
from relamp.kernels.segments import Neighbours, neighbour_sum
from relamp.loss.nt_xent import contrast

SIZES = {
    "graphs": ("epoch of lamp-mag-nolocal, copies of NCI1", (1, 4, 16, 64)),
    "nodes": ("local loss, N_s", (1250, 2500, 5000, 10_000, 20_000)),
    "edges": ("sum over neighbours of 10,000 nodes, edges", (100_000, 400_000, 1_600_000, 6_400_000)),
}


def repeated(data: PackedGraphs, times: int) -> PackedGraphs:
    """Return a data set several times over."""

    def offsets(offset: np.ndarray) -> np.ndarray:
        return np.concatenate([[0], np.tile(np.diff(offset), times).cumsum()])

    nodes, edges = offsets(data.node_offset), offsets(data.edge_offset)
    x, y = np.tile(data.x, (times, 1)), np.tile(data.y, times)
    return replace(data, x=x, y=y, edge_index=np.tile(data.edge_index, times), node_offset=nodes, edge_offset=edges)


def seconds(work, repetitions: int = 3) -> float:  # type: ignore[no-untyped-def]
    """Return the least CPU time after one run that does not count."""
    times = []
    for _ in range(repetitions + 1):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times[1:])


def measure(what: str, size: int, mirror: str | None) -> float:
    generator = torch.Generator().manual_seed(0)
    if what == "graphs":
        return seconds(own_epoch(repeated(data_set("NCI1", mirror), size), None), 2)
    if what == "nodes":
        a, b = (torch.randn(size, 96, generator=generator, requires_grad=True) for _ in range(2))
        return seconds(lambda: contrast(a, b, torch.arange(size) // 18, 0.2).backward())
    half = torch.randint(10_000, (2, size // 2), generator=generator)
    both = torch.cat([half, half.flip(0)], dim=1)
    neighbours = Neighbours(both[:, both[0].argsort()], 10_000)
    h = torch.randn(10_000, 32, generator=generator, requires_grad=True)
    return seconds(lambda: neighbour_sum(h, neighbours).sum().backward(), 9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mirror")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--one", nargs=2, help="measure one size alone: what and how much")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.one:
        took = measure(given.one[0], int(given.one[1]), given.mirror)
        print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000)
        return
    one_thread()
    figure = Figure(figsize=(7.0, 2.4), layout="constrained")
    panels = figure.subplots(1, 3)
    print("| what | sizes | time, s | exponent | memory of the process, MB |\n|---|---|---|---|---|")
    for panel, (what, (label, sizes)) in zip(panels, SIZES.items(), strict=True):
        more = ["--mirror", given.mirror] if given.mirror else []
        commands = [[sys.executable, __file__, "--one", what, str(size), *more] for size in sizes]
        told = [subprocess.run(each, check=True, capture_output=True, text=True).stdout.split() for each in commands]
        times, memory = [float(row[0]) for row in told], [row[1] for row in told]
        exponent = np.polyfit(np.log(sizes), np.log(times), 1)[0]
        shown = ", ".join(f"{took:.3g}" for took in times)
        print(
            f"| {label} | {', '.join(f'{size:,}' for size in sizes)} | {shown} | {exponent:.2f} | {', '.join(memory)} |"
        )
        panel.loglog(sizes, times, "o-", color="#0072b2")
        panel.set_title(f"time ~ size^{exponent:.2f}", fontsize=8)
        panel.set_xlabel(label.replace(", ", ":\n", 1), fontsize=7)
        panel.set_xticks(sizes, [f"{size:,}" for size in sizes], rotation=30)
        panel.tick_params(labelsize=7)
        panel.minorticks_off()
    panels[0].set_ylabel("CPU seconds", fontsize=7)
    if given.picture:
        figure.savefig(given.picture, dpi=200)


if __name__ == "__main__":
    main()
