"""Graph edit distance by similarity (M-Mix Section 4.3, Table 10): is the graph with fewer edits the more similar one?

Of each drawn graph, the subgraph on its first n nodes is the anchor. One substituted edge makes the positive, two make
the negative, each drawn independently from the anchor: so many edges are removed, and so many pairs of nodes that had
none are joined, so that all three have equally many nodes and edges. Node features stay as they are.

What the paper leaves open is settled here: a graph with fewer than n nodes is taken whole (Table 10 shows n = 50, but
only 169 of COIL-DEL's 3,900 graphs have so many), or padded with isolated nodes as in M-Mix's code; graphs with too few
edges or free pairs are not drawn; self-loops are left out (the code keeps those of its normalised adjacency and
substitutes them too, which changes the number of edges); a triplet whose two similarities are equal is not correctly
assigned, and the share of such triplets is given beside the accuracy. A pair is an anchor with its positive (class 1)
or its negative (class 0).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from grakel import EdgeHistogram, WeisfeilerLehman
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import roc_auc_score

from relamp.data.packed import PackedGraphs, map_arrays, offsets, rank_within
from relamp.data.streams import stream
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run
from relamp.settings.evaluation import EditDistanceProtocol

COLUMNS = ("n", "seed", "metric", "value")
TRIPLETS_AT_ONCE = 200

Floats = NDArray[np.float64]
_Int64 = NDArray[np.int64]


class Triplets(NamedTuple):
    """Three data sets, whose graphs of one number belong together."""

    anchor: PackedGraphs
    positive: PackedGraphs
    negative: PackedGraphs


class _Pairs(NamedTuple):
    """All pairs u < v of nodes of some graphs, numbered within their graph, and whether there is an edge, `[P]`."""

    u: _Int64
    v: _Int64
    graph: _Int64
    joined: NDArray[np.bool_]


def score_edit_distance(run: Run) -> Iterator[pd.DataFrame]:
    """Yield one row for each size n, seed and metric: accuracy and ties of triplets, ROC-AUC of pairs.

    Embeddings are arrays `n~N` of `[3, G, D]`: anchors, positives and negatives of `edits`. Without embeddings the
    method is a kernel. Raises RelampError where the embeddings are those of other triplets.
    """
    chosen, graphs = EditDistanceProtocol.model_validate(run.protocol), PackedGraphs.load(run.data)
    for seed in run.seeds:
        arrays = _embedded(run.embeddings[seed], chosen) if run.embeddings else None
        for nodes, made in edits(graphs, chosen, seed):
            if arrays is None:
                iterations, normalise = chosen.wl_iterations, chosen.normalise
                near, far = kernel_similarities(made, run.label["method"], iterations, normalise=normalise)
            else:
                anchor, positive, negative = arrays[f"n~{nodes}"]
                near, far = cosine(anchor, positive), cosine(anchor, negative)
            scores = edit_scores(near, far)
            yield pd.DataFrame({"n": nodes, "seed": seed, "metric": list(scores), "value": list(scores.values())})


def edits(data: PackedGraphs, protocol: EditDistanceProtocol, seed: int) -> Iterator[tuple[int, Triplets]]:
    """Yield the triplets of each size; they depend on the seed and the size, but not on the other sizes."""
    for nodes in protocol.nodes:
        rng = stream(seed, "edits", nodes)
        made = triplets(data, nodes, protocol.graphs, rng, substitutions=protocol.substitutions, pad=protocol.pad)
        yield nodes, made


def _embedded(path: Path, protocol: EditDistanceProtocol) -> dict[str, NDArray[Any]]:
    """Return the arrays of a seed, which must be those of the protocol's triplets."""
    arrays = map_arrays(path)[0]
    wanted = {f"n~{nodes}" for nodes in protocol.nodes}
    if set(arrays) != wanted or any(array.shape[:2] != (3, protocol.graphs) for array in arrays.values()):
        raise RelampError(f"{path}: holds no embeddings of these triplets; delete it and run again")
    return arrays


def triplets(
    data: PackedGraphs,
    nodes: int,
    count: int,
    rng: np.random.Generator,
    *,
    substitutions: tuple[int, int] = (1, 2),
    pad: bool = False,
) -> Triplets:
    """Draw `count` graphs and make a triplet of the `first_nodes` of each.

    `substitutions` are the numbers of edges substituted in the positive and in the negative. Raises RelampError if
    fewer than `count` graphs have edges and free pairs enough.
    """
    small = first_nodes(data, nodes, pad=pad)
    free = small.num_nodes * (small.num_nodes - 1) // 2 - small.num_edges // 2
    most = max(substitutions)
    fit = np.flatnonzero((small.num_edges // 2 >= most) & (free >= most))
    if len(fit) < count:
        raise RelampError(
            f"{data.name}: of {nodes} first nodes, {len(fit)} graphs have {most} edges and {most} free pairs, "
            f"but {count} are asked for; lower the number of graphs"
        )
    anchor = small.take(rng.choice(fit, size=count, replace=False))
    pairs = _all_pairs(anchor)
    positive, negative = (_substituted(anchor, pairs, number, rng) for number in substitutions)
    return Triplets(anchor, positive, negative)


def first_nodes(data: PackedGraphs, nodes: int, *, pad: bool = False) -> PackedGraphs:
    """Return the subgraphs on the first `nodes` nodes of each graph, without self-loops and edge features.

    With `pad`, graphs of fewer nodes get isolated ones, whose features are all of category 0.
    """
    kept = np.minimum(data.num_nodes, nodes)
    graph = np.repeat(np.arange(len(data)), data.num_edges)
    source, target = data.edge_index.astype(np.int64)
    inside = (source != target) & (np.maximum(source, target) < nodes)
    node_offset = offsets(np.full(len(data), nodes) if pad else kept)
    x = np.zeros((node_offset[-1], data.x.shape[1]), dtype=data.x.dtype)
    owner, place = np.repeat(np.arange(len(data)), kept), rank_within(kept)
    x[node_offset[owner] + place] = data.x[data.node_offset[owner] + place]
    return replace(
        data,
        x=x,
        node_offset=node_offset,
        edge_index=np.stack([source[inside], target[inside]]),
        edge_offset=offsets(np.bincount(graph[inside], minlength=len(data))),
        edge_attr=None,
        smiles=(),
    )


def _all_pairs(data: PackedGraphs) -> _Pairs:
    """List every pair of nodes: at most n (n - 1) / 2 of each graph, and n is small here."""
    size, total = data.num_nodes, int(data.node_offset[-1])
    graph_of_node = np.repeat(np.arange(len(data)), size)
    node = np.arange(total) - data.node_offset[graph_of_node]
    later = size[graph_of_node] - 1 - node  # partners v > u of each node u
    u, graph = np.repeat(node, later), np.repeat(graph_of_node, later)
    v = u + 1 + rank_within(later)
    source, target = data.global_edge_index()
    first = data.node_offset[graph]
    joined = np.isin((first + u) * total + first + v, source * total + target)
    return _Pairs(u, v, graph, joined)


def _substituted(data: PackedGraphs, pairs: _Pairs, number: int, rng: np.random.Generator) -> PackedGraphs:
    """Remove `number` edges of each graph and join as many pairs that had none, all equally likely."""
    # A random order of all pairs, edges and free pairs of each graph apart: the first ones of both are exchanged.
    kind = 2 * pairs.graph + pairs.joined
    order = np.lexsort((rng.random(len(kind)), kind))
    start = np.searchsorted(kind[order], np.arange(2 * len(data)))
    rank = np.empty(len(kind), dtype=np.int64)
    rank[order] = np.arange(len(kind)) - start[kind[order]]
    joined = pairs.joined ^ (rank < number)
    u, v, graph = pairs.u[joined], pairs.v[joined], pairs.graph[joined]
    graph = np.concatenate([graph, graph])
    edges = np.stack([np.concatenate([u, v]), np.concatenate([v, u])])
    sort = np.lexsort((edges[1], edges[0], graph))
    edge_offset = offsets(np.bincount(graph, minlength=len(data)))
    return replace(data, edge_index=edges[:, sort], edge_offset=edge_offset)


def cosine(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the cosine similarity of row i of `a` `[G, D]` with row i of `b`, `[G]`; 0 where a row is all zeros."""
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    scale = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    similarity: Floats = np.divide((x * y).sum(axis=1), scale, out=np.zeros(len(x)), where=scale > 0)
    return similarity


def edit_scores(positive: Floats, negative: Floats) -> dict[str, float]:
    """Return triplet accuracy, share of ties and the ROC-AUC over pairs, all in 0 ... 1.

    They are those of the similarities of each anchor to its positive and to its negative, `[G]`.
    """
    positive, negative = np.asarray(positive, dtype=np.float64), np.asarray(negative, dtype=np.float64)
    similar = np.repeat([1, 0], [len(positive), len(negative)])
    return {
        "accuracy": float(np.mean(positive > negative)),
        "ties": float(np.mean(positive == negative)),
        "roc_auc": float(roc_auc_score(similar, np.concatenate([positive, negative]))),
    }


# The vertex-edge histogram (Sugiyama and Borgwardt 2015) counts edges by the labels of their two ends; GraKeL's
# EdgeHistogram does so when each edge is labelled by them.
EDIT_KERNELS: Mapping[str, Callable[[int], WeisfeilerLehman | EdgeHistogram]] = {
    "wl": lambda iterations: WeisfeilerLehman(n_iter=iterations),
    "hist-kernel": lambda _: EdgeHistogram(),
}


def kernel_similarities(
    made: Triplets, kernel: str, iterations: int = 5, *, normalise: bool = True
) -> tuple[Floats, Floats]:
    """Return the similarity of each anchor to its positive and to its negative by one of GraKeL's kernels, `[G]` each.

    The kernel is "wl", with so many iterations, or "hist-kernel", the vertex-edge histogram; normalised, it is divided
    by the root of the product of both graphs' kernels with themselves. Raises RelampError for another.
    """
    if kernel not in EDIT_KERNELS:
        raise RelampError(f"edit distance: there is no kernel {kernel!r}; known: {', '.join(EDIT_KERNELS)}")
    labels = np.unique(np.concatenate([part.x for part in made]), axis=0)
    graphs = [_grakel_graphs(part, labels) for part in made]
    count = len(made.anchor)
    positive, negative = np.empty(count), np.empty(count)
    # A few triplets at a time: only the kernels within a triplet are wanted, and GraKeL gives those of all pairs.
    for start in range(0, count, TRIPLETS_AT_ONCE):
        block = [part[start : start + TRIPLETS_AT_ONCE] for part in graphs]
        size = len(block[0])
        values = np.asarray(EDIT_KERNELS[kernel](iterations).fit_transform([g for part in block for g in part]))
        own = np.sqrt(values.diagonal()) if normalise else np.ones(3 * size)
        here = np.arange(size)
        for number, into in ((1, positive), (2, negative)):
            there = here + number * size
            into[start : start + size] = values[here, there] / (own[here] * own[there])
    return positive, negative


def _grakel_graphs(data: PackedGraphs, labels: NDArray[np.integer]) -> list[tuple[object, object, object]]:
    """Return each graph as GraKeL reads it: edges, node labels, edge labels (those of both ends)."""
    number = np.unique(np.concatenate([labels, data.x]), axis=0, return_inverse=True)[1].reshape(-1)[len(labels) :]
    graphs: list[tuple[object, object, object]] = []
    for g in range(len(data)):
        mine = number[data.node_offset[g] : data.node_offset[g + 1]].tolist()
        edges = data.edge_index[:, data.edge_offset[g] : data.edge_offset[g + 1]].T.tolist()
        ends = {(u, v): tuple(sorted((mine[u], mine[v]))) for u, v in edges}
        neighbours: dict[int, dict[int, float]] = {node: {} for node in range(len(mine))}
        for u, v in edges:
            neighbours[u][v] = 1.0
        graphs.append((neighbours, dict(enumerate(mine)), ends))
    return graphs
