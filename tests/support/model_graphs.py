"""Small random graphs for tests."""

from collections import Counter

import networkx as nx
import numpy as np

from relamp.data.packed import PackedGraphs


def random_graphs(seed: int, count: int = 5, cardinality: tuple[int, ...] = (4,), most: int = 6) -> PackedGraphs:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, most + 1, size=count)
    edges, x = [], []
    for n in sizes:
        pairs = np.array([(i, j) for i in range(n) for j in range(i)], dtype=np.int64).reshape(-1, 2)
        kept = pairs[rng.random(len(pairs)) < 0.5]
        edges.append(np.concatenate([kept, kept[:, ::-1]]).T)
        x.append(np.stack([rng.integers(0, size, size=n) for size in cardinality], axis=1))
    return PackedGraphs(
        name="random",
        x=np.concatenate(x),
        cardinality=cardinality,
        edge_index=np.concatenate(edges, axis=1),
        node_offset=np.concatenate([[0], np.cumsum(sizes)]),
        edge_offset=np.concatenate([[0], np.cumsum([e.shape[1] for e in edges])]),
        y=rng.integers(0, 2, size=count),
    )


def graph_of(data: PackedGraphs, g: int) -> nx.Graph:
    made = nx.Graph()
    nodes = range(data.node_offset[g], data.node_offset[g + 1])
    made.add_nodes_from((i, {"label": tuple(data.x[n])}) for i, n in enumerate(nodes))
    made.add_edges_from(data.edge_index[:, data.edge_offset[g] : data.edge_offset[g + 1]].T.tolist())
    return made


def refined(graph: nx.Graph, iterations: int) -> Counter[str]:
    """Weisfeiler-Leman subtree counts by nested strings: no compression, no shared dictionary."""
    colour = {u: str(graph.nodes[u]["label"]) for u in graph}
    counts = Counter(f"0:{text}" for text in colour.values())
    for step in range(1, iterations + 1):
        colour = {u: f"{colour[u]}({','.join(sorted(colour[v] for v in graph[u]))})" for u in graph}
        counts.update(f"{step}:{text}" for text in colour.values())
    return counts
