"""Sparse diffusion against the dense formulas, in one run: `python benchmarks/bench_diffusion.py`.

PPR against numpy's inverse of `I - (1 - alpha) T`, as MVGRL computes it, and the heat kernel against scipy's `expm`, on
random graphs with the density of citation networks and features of 256 columns. Prints both times, their ratio, the
largest error of a column relative to its norm (the bound is 1e-6), and the memory of one dense N x N matrix. The last
row has the size of Pubmed and is sparse only.
"""

import argparse
import time

import numpy as np
from scipy.linalg import expm

from relamp.data.nodes import undirected
from relamp.graph.diffusion import diffuse, normalised_adjacency
from relamp.settings.nodes import Diffusion

ALPHA, TIME, TOLERANCE = 0.2, 5.0, 1e-6


def dense(t: np.ndarray, x: np.ndarray, kind: Diffusion) -> np.ndarray:
    """The formulas as they are written."""
    unit = np.eye(len(t))
    s = ALPHA * np.linalg.inv(unit - (1 - ALPHA) * t) if kind == "ppr" else expm(-TIME * (unit - t))
    return s @ x


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[500, 1000, 2708])
    parser.add_argument("--columns", type=int, default=256)
    options = parser.parse_args()
    print(f"{'nodes':>6} {'kind':>5} {'sparse s':>9} {'dense s':>8} {'ratio':>6} {'error':>8} {'N x N MB':>9}")
    for nodes in (*options.nodes, 19717):
        rng = np.random.default_rng(0)
        edge_index = undirected(*rng.integers(nodes, size=(2, 9 * nodes // 4)), nodes)
        adjacency = normalised_adjacency(edge_index, nodes)
        x = rng.normal(size=(nodes, options.columns))
        for kind in ("ppr", "heat"):
            began = time.perf_counter()
            ours = diffuse(adjacency, x, kind, ALPHA, TIME, TOLERANCE)
            sparse = time.perf_counter() - began
            words = f"{nodes:>6} {kind:>5} {sparse:>9.3f}"
            if nodes in options.nodes:
                began = time.perf_counter()
                theirs = dense(adjacency.toarray(), x, kind)
                plain = time.perf_counter() - began
                error = (np.linalg.norm(ours - theirs, axis=0) / np.linalg.norm(x, axis=0)).max()
                assert error <= TOLERANCE, error
                words += f" {plain:>8.3f} {plain / sparse:>6.1f} {error:>8.1e}"
            else:
                words += f" {'-':>8} {'-':>6} {'-':>8}"
            print(f"{words} {8 * nodes**2 / 2**20:>9.0f}")


if __name__ == "__main__":
    main()
