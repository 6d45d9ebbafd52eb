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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from grakel import EdgeHistogram, WeisfeilerLehman
from numpy.typing import ArrayLike
from sklearn.metrics import roc_auc_score

from relamp.data.packed import PackedGraphs, map_arrays, offsets, rank_within
from relamp.data.streams import stream
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run
from relamp.evaluate.kernels import Floats, grakel_graphs, normalised
from relamp.settings.evaluation import EditDistanceProtocol

COLUMNS = ("n", "seed", "metric", "value")
TRIPLETS_AT_ONCE = 200


class Triplets(NamedTuple):
    """Three data sets, whose graphs of one number belong together."""

    anchor: PackedGraphs
    positive: PackedGraphs
    negative: PackedGraphs


def score_edit_distance(run: Run) -> Iterator[pd.DataFrame]:
    """Yield one row for each size n, seed and metric: accuracy and ties of triplets, ROC-AUC of pairs.

    Embeddings are arrays `n~N` of `[3, G, D]`: anchors, positives and negatives of `edits`. Without embeddings the
    method is a kernel. Raises RelampError where the embeddings are those of other triplets.
    """
    chosen, graphs = EditDistanceProtocol.model_validate(run.protocol), PackedGraphs.load(run.data)
    for seed in run.seeds:
        arrays = map_arrays(run.embeddings[seed])[0] if run.embeddings else {}
        shapes = {name: array.shape[:2] for name, array in arrays.items()}
        if run.embeddings and shapes != {f"n~{nodes}": (3, chosen.graphs) for nodes in chosen.nodes}:
            raise RelampError(f"{run.embeddings[seed]}: holds no embeddings of these triplets; delete it and run again")
        for nodes, made in edits(graphs, chosen, seed):
            if run.embeddings:
                anchor, positive, negative = arrays[f"n~{nodes}"]
                near, far = cosine(anchor, positive), cosine(anchor, negative)
            else:
                iterations, normalise = chosen.wl_iterations, chosen.normalise
                near, far = kernel_similarities(made, run.label["method"], iterations, normalise=normalise)
            scores = edit_scores(near, far)
            yield pd.DataFrame({"n": nodes, "seed": seed, "metric": list(scores), "value": list(scores.values())})


def edits(data: PackedGraphs, protocol: EditDistanceProtocol, seed: int) -> Iterator[tuple[int, Triplets]]:
    """Yield the triplets of each size; they depend on the seed and the size, but not on the other sizes."""
    for nodes in protocol.nodes:
        rng = stream(seed, "edits", nodes)
        made = triplets(data, nodes, protocol.graphs, rng, substitutions=protocol.substitutions, pad=protocol.pad)
        yield nodes, made


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
    return Triplets(anchor, *_substituted(anchor, substitutions, rng))


def first_nodes(data: PackedGraphs, nodes: int, *, pad: bool = False) -> PackedGraphs:
    """Return the subgraphs on the first `nodes` nodes of each graph, without self-loops and edge features.

    With `pad`, graphs of fewer nodes get isolated ones, whose features are all of category 0 and attributes 0.
    """
    kept = np.minimum(data.num_nodes, nodes)
    graph = np.repeat(np.arange(len(data)), data.num_edges)
    source, target = data.edge_index.astype(np.int64)
    inside = (source != target) & (np.maximum(source, target) < nodes)
    node_offset = offsets(np.full(len(data), nodes) if pad else kept)
    x = np.zeros((node_offset[-1], data.x.shape[1]), dtype=data.x.dtype)
    owner, place = np.repeat(np.arange(len(data)), kept), rank_within(kept)
    x[node_offset[owner] + place] = data.x[data.node_offset[owner] + place]
    attributes = None
    if data.attributes is not None:
        attributes = np.zeros((len(x), data.num_attributes), dtype=np.float32)
        attributes[node_offset[owner] + place] = data.attributes[data.node_offset[owner] + place]
    return replace(
        data,
        x=x,
        attributes=attributes,
        node_offset=node_offset,
        edge_index=np.stack([source[inside], target[inside]]),
        edge_offset=offsets(np.bincount(graph[inside], minlength=len(data))),
        edge_attr=None,
        smiles=(),
    )


def _substituted(data: PackedGraphs, numbers: Sequence[int], rng: np.random.Generator) -> list[PackedGraphs]:
    """For each number, remove so many edges of each graph and join as many pairs that had none, all equally likely."""
    # Every pair u < v of nodes, numbered within their graph: at most n (n - 1) / 2 of each graph, and n is small here.
    size, total = data.num_nodes, int(data.node_offset[-1])
    graph_of_node = np.repeat(np.arange(len(data)), size)
    node = np.arange(total) - data.node_offset[graph_of_node]
    later = size[graph_of_node] - 1 - node  # partners v > u of each node u
    u, graph = np.repeat(node, later), np.repeat(graph_of_node, later)
    v = u + 1 + rank_within(later)
    source, target = data.global_edge_index()
    first = data.node_offset[graph]
    joined = np.isin((first + u) * total + first + v, source * total + target)
    kind = 2 * graph + joined
    made = []
    for number in numbers:
        # A random order of all pairs, edges and free pairs of each graph apart: the first ones of both are exchanged.
        order = np.lexsort((rng.random(len(kind)), kind))
        start = np.searchsorted(kind[order], np.arange(2 * len(data)))
        rank = np.empty(len(kind), dtype=np.int64)
        rank[order] = np.arange(len(kind)) - start[kind[order]]
        now = joined ^ (rank < number)
        edges = np.stack([np.concatenate([u[now], v[now]]), np.concatenate([v[now], u[now]])])
        owner = np.tile(graph[now], 2)
        sort = np.lexsort((edges[1], edges[0], owner))
        edge_offset = offsets(np.bincount(owner, minlength=len(data)))
        made.append(replace(data, edge_index=edges[:, sort], edge_offset=edge_offset))
    return made


def cosine(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the cosine similarity of row i of `a` `[G, D]` with row i of `b`, `[G]`; 0 where a row is all zeros."""
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    scale = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return np.asarray(np.divide((x * y).sum(axis=1), scale, out=np.zeros(len(x)), where=scale > 0))


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
    kinds = np.unique(np.concatenate([part.x for part in made]), axis=0, return_inverse=True)[1].reshape(3, -1)
    graphs = [
        [
            (near, label, {(u, v): tuple(sorted((label[u], label[v]))) for u in near for v in near[u]})
            for near, label in grakel_graphs(part, labels)
        ]
        for part, labels in zip(made, kinds, strict=True)
    ]
    pieces = []
    # A few triplets at a time: only the kernels within a triplet are wanted, and GraKeL gives those of all pairs.
    for start in range(0, len(made.anchor), TRIPLETS_AT_ONCE):
        block = [graph for part in graphs for graph in part[start : start + TRIPLETS_AT_ONCE]]
        values: Floats = np.asarray(EDIT_KERNELS[kernel](iterations).fit_transform(block), dtype=np.float64)
        values, size = normalised(values) if normalise else values, len(block) // 3
        pieces.append([values.diagonal(size)[:size], values.diagonal(2 * size)])
    positive, negative = np.concatenate(pieces, axis=1)
    return positive, negative
