"""Time `damage` against plain Python with networkx on MUTAG: `python benchmarks/bench_damage.py`.

Both measure LAMP Eq. 6 in the paper's reading with the same counts; their draws differ, so the means over all draws and
graphs are held against each other. The data ship with GraKeL.
"""

import argparse
import math
import random
import time
from collections.abc import Callable
from itertools import combinations

import networkx as nx
import numpy as np

from relamp.data.packaged import pack
from relamp.data.packed import PackedGraphs
from relamp.graph.damage import measure_damage


def models(data: PackedGraphs) -> list[nx.Graph]:
    result = []
    for g in range(len(data)):
        graph = nx.Graph(data.edge_index[:, data.edge_offset[g] : data.edge_offset[g + 1]].T.tolist())
        graph.add_nodes_from(range(data.num_nodes[g]))
        result.append(graph)
    return result


def entropy(graph: nx.Graph) -> float:
    volume = 2 * graph.number_of_edges()
    return -sum(d / volume * math.log(d / volume) for _, d in graph.degree if d)


def node_drop(graph: nx.Graph, strength: float) -> nx.Graph:
    graph = graph.copy()
    graph.remove_nodes_from(random.sample(list(graph), int(len(graph) * strength)))
    return graph


def edge_perturbation(graph: nx.Graph, strength: float) -> nx.Graph:
    free = [pair for pair in combinations(graph, 2) if not graph.has_edge(*pair)]
    count = int(graph.number_of_edges() * strength)
    graph = graph.copy()
    graph.remove_edges_from(random.sample(list(graph.edges), count))
    graph.add_edges_from(random.sample(free, min(count, len(free))))
    return graph


def subgraph(graph: nx.Graph, strength: float) -> nx.Graph:
    inside = {random.choice(list(graph))}
    while len(inside) < int(len(graph) * strength):
        frontier = {u for v in inside for u in graph[v]} - inside
        if not frontier:
            break
        inside.add(random.choice(sorted(frontier)))
    return graph.subgraph(inside)


def slow(graphs: list[nx.Graph], augment: Callable[[nx.Graph, float], nx.Graph], strength: float, draws: int) -> float:
    return float(np.mean([1 - entropy(augment(g, strength)) / entropy(g) for _ in range(draws) for g in graphs]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=20)
    draws = parser.parse_args().draws
    random.seed(0)
    data = pack("MUTAG")
    graphs = models(data)
    print(f"{len(data)} graphs, {draws} draws, strength 0.2")
    for augment in (node_drop, edge_perturbation, subgraph):
        began = time.perf_counter()
        expected = slow(graphs, augment, 0.2, draws)
        middle = time.perf_counter()
        rows = measure_damage(data, augment.__name__, "paper", 0.2, draws, np.random.default_rng(0))
        vectorised = time.perf_counter() - middle
        plain = middle - began
        print(
            f"{augment.__name__:18s} plain {plain:6.2f} s  vectorised {vectorised:6.3f} s"
            f"  ratio {plain / vectorised:4.0f}  mean damage {expected:.4f} and {rows['value'].mean():.4f}"
        )


if __name__ == "__main__":
    main()
