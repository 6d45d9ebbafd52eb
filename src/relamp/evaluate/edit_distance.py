"""Graph edit distance by similarity (M-Mix Section 4.3, Table 10): is the graph with fewer edits the more similar one?

Of each drawn graph, the subgraph on its first n nodes is the anchor. One substituted edge makes the positive, two make
the negative, each drawn independently from the anchor: so many edges are removed, and so many pairs of nodes that had
none are joined. Node features stay what they are in the whole graph.

What the paper leaves open is settled by M-Mix's public code, each choice being an option: a graph is cut out of the
padded, normalised adjacency with self-loops. So its nodes are in the order in which the list of edges names them, it
has isolated nodes where there are fewer than n (Table 10 shows n = 50, but only 169 of COIL-DEL's 3,900 graphs have so
many), a self-loop is an edge that may be removed, and never comes anew, and a new edge has weight 1 beside normalised
ones. Kernels see no weights. The reading by the paper's words has none of this: there a substitution keeps the number
of edges.

Graphs with too few edges or free pairs are not drawn; a triplet whose two similarities are equal is not correctly
assigned, and the share of such triplets is given beside the accuracy. A pair is an anchor with its positive (class 1)
or its negative (class 0).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.metrics import roc_auc_score

from relamp.data.packed import PackedGraphs, map_arrays, offsets, rank_within
from relamp.data.streams import stream
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run
from relamp.evaluate.kernels import Floats
from relamp.settings.evaluation import EditDistanceProtocol

COLUMNS = ("n", "seed", "metric", "value")

_Int64 = NDArray[np.int64]


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
                near, far = kernel_similarities(made, run.label["method"], chosen, nodes)
            scores = edit_scores(near, far)
            yield pd.DataFrame({"n": nodes, "seed": seed, "metric": list(scores), "value": list(scores.values())})


def edits(data: PackedGraphs, protocol: EditDistanceProtocol, seed: int) -> Iterator[tuple[int, Triplets]]:
    """Yield the triplets of each size; they depend on the seed and the size, but not on the other sizes."""
    for nodes in protocol.nodes:
        yield nodes, triplets(data, nodes, protocol, stream(seed, "edits", nodes))


def triplets(data: PackedGraphs, nodes: int, protocol: EditDistanceProtocol, rng: np.random.Generator) -> Triplets:
    """Draw the protocol's number of graphs and make a triplet of the `first_nodes` of each, see `drawn_graphs`."""
    small, drawn, _ = drawn_graphs(data, nodes, protocol, rng)
    return triplets_of(small, drawn, protocol, rng)


def drawn_graphs(
    data: PackedGraphs, nodes: int, protocol: EditDistanceProtocol, rng: np.random.Generator
) -> tuple[PackedGraphs, _Int64, _Int64]:
    """Return the `first_nodes` of all graphs, which graphs are drawn for triplets, and which could have been.

    Raises RelampError if fewer graphs than the protocol's number have edges and free pairs enough.
    """
    small, most = first_nodes(data, nodes, protocol), max(protocol.substitutions)
    graph = np.repeat(np.arange(len(small)), small.num_edges)
    loops = np.bincount(graph[small.edge_index[0] == small.edge_index[1]], minlength=len(small))
    joined = (small.num_edges - loops) // 2
    free = small.num_nodes * (small.num_nodes - 1) // 2 - joined
    fit = np.flatnonzero((joined + loops >= most) & (free >= most))
    if len(fit) < protocol.graphs:
        raise RelampError(
            f"{data.name}: of {nodes} first nodes, {len(fit)} graphs have {most} edges and {most} free pairs, "
            f"but {protocol.graphs} are asked for; lower the number of graphs"
        )
    drawn = rng.choice(fit, size=protocol.graphs, replace=False)
    return small, drawn, np.setdiff1d(fit, drawn)


def triplets_of(
    small: PackedGraphs, graphs: _Int64, protocol: EditDistanceProtocol, rng: np.random.Generator
) -> Triplets:
    """Make a triplet of each of some graphs, whose first nodes are `small`."""
    anchor = small.take(graphs)
    return Triplets(anchor, *_substituted(anchor, protocol.substitutions, rng))


def first_nodes(data: PackedGraphs, nodes: int, protocol: EditDistanceProtocol) -> PackedGraphs:
    """Return the subgraphs on the first `nodes` nodes of each graph, without edge features.

    They keep their nodes' degrees and, if the protocol wants weights, those of the edges in the whole graph. Self-loops
    of the data count for nothing. Isolated nodes of a padded graph have features of category 0 and attributes 0.
    """
    size, graph = data.num_nodes, np.repeat(np.arange(len(data)), data.num_edges)
    source, target = data.edge_index.astype(np.int64)
    node = data.node_offset[graph] + source, data.node_offset[graph] + target
    degrees, place = data.degrees(), rank_within(size)
    if protocol.does("first_seen"):
        place = _first_seen(data, *node)
    source, target, apart = place[node[0]], place[node[1]], source != target
    weight = np.sqrt((degrees[node[0]] + 1) * (degrees[node[1]] + 1)) ** -1
    if protocol.does("self_loops"):
        own = np.repeat(np.arange(len(data)), size)
        graph, weight = np.concatenate([graph[apart], own]), np.concatenate([weight[apart], 1 / (degrees + 1)])
        source, target = np.concatenate([source[apart], place]), np.concatenate([target[apart], place])
        apart = np.ones(len(graph), dtype=bool)
    inside = np.flatnonzero(apart & (np.maximum(source, target) < nodes))
    inside = inside[np.lexsort((target[inside], source[inside], graph[inside]))]
    kept = np.full(len(data), nodes) if protocol.does("pad") else np.minimum(size, nodes)
    node_offset = offsets(kept)
    moved = place < nodes
    to = (node_offset[:-1].repeat(size) + place)[moved]

    def cut(values: NDArray[Any]) -> NDArray[Any]:
        made = np.zeros((node_offset[-1], *values.shape[1:]), dtype=values.dtype)
        made[to] = values[moved]
        return made

    return replace(
        data,
        x=cut(data.x),
        attributes=None if data.attributes is None else cut(data.attributes),
        degree=cut(degrees),
        node_offset=node_offset,
        edge_index=np.stack([source[inside], target[inside]]),
        edge_offset=offsets(np.bincount(graph[inside], minlength=len(data))),
        edge_weight=weight[inside].astype(np.float32) if protocol.does("weights") else None,
        edge_attr=None,
        smiles=(),
    )


def _first_seen(data: PackedGraphs, source: _Int64, target: _Int64) -> _Int64:
    """Return the place of each node in its graph, in the order of the first edges that name them, `[N]`.

    Edges are taken once each, sorted by their smaller and larger end, as COIL-DEL's file lists them. Nodes without an
    edge, which M-Mix's loader does not see, come last.
    """
    once = source < target
    ends = np.stack([source[once], target[once]], axis=1)
    named = ends[np.lexsort(ends.T[::-1])].reshape(-1)
    first = np.full(len(data.x), len(named))
    np.minimum.at(first, named, np.arange(len(named)))
    owner = np.repeat(np.arange(len(data)), data.num_nodes)
    order = np.lexsort((first, owner))
    place = np.empty_like(order)
    place[order] = rank_within(data.num_nodes)
    return place


def _substituted(data: PackedGraphs, numbers: Sequence[int], rng: np.random.Generator) -> list[PackedGraphs]:
    """For each number, remove so many edges of each graph and join as many pairs that had none, all equally likely."""
    # Every pair u <= v of nodes, numbered within their graph: at most n (n + 1) / 2 of each graph, and n is small here.
    size, total = data.num_nodes, int(data.node_offset[-1])
    graph_of_node = np.repeat(np.arange(len(data)), size)
    node = np.arange(total) - data.node_offset[graph_of_node]
    partners = size[graph_of_node] - node
    u, graph = np.repeat(node, partners), np.repeat(graph_of_node, partners)
    v = u + rank_within(partners)
    source, target = data.global_edge_index()
    first, edge = data.node_offset[graph], source * total + target
    key = (first + u) * total + first + v
    joined = np.isin(key, edge)
    pairs = joined | (u != v)  # no self-loop comes anew
    u, v, graph, key, joined = u[pairs], v[pairs], graph[pairs], key[pairs], joined[pairs]
    weight = np.ones(len(key), dtype=np.float32)
    if data.edge_weight is not None:
        weight[joined] = data.edge_weight[np.searchsorted(edge, key[joined])]
    kind = 2 * graph + joined
    made = []
    for number in numbers:
        # A random order of all pairs, edges and free pairs of each graph apart: the first ones of both are exchanged.
        order = np.lexsort((rng.random(len(kind)), kind))
        start = np.searchsorted(kind[order], np.arange(2 * len(data)))
        rank = np.empty(len(kind), dtype=np.int64)
        rank[order] = np.arange(len(kind)) - start[kind[order]]
        now = np.flatnonzero(joined ^ (rank < number))
        back = now[u[now] != v[now]]
        edges = np.stack([np.concatenate([u[now], v[back]]), np.concatenate([v[now], u[back]])])
        both = np.concatenate([now, back])
        sort = np.lexsort((edges[1], edges[0], graph[both]))
        made.append(
            replace(
                data,
                edge_index=edges[:, sort],
                edge_offset=offsets(np.bincount(graph[both], minlength=len(data))),
                edge_weight=None if data.edge_weight is None else weight[both][sort],
            )
        )
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


def wl_counts(data: PackedGraphs, label: _Int64, iterations: int, lonely: int = 0) -> csr_matrix[np.int64]:
    """Return how often each Weisfeiler-Leman label of each round is in each graph, `[G, labels]`.

    Node labels `[N]` are those of round 0 (Shervashidze et al. 2011). Each graph has so many isolated nodes of label 0
    more. An edge counts twice and a self-loop once, as in graphkernels, which reads both directions of an edge both
    ways; among edges alone that makes no difference. Labels are told apart by hashes of 64 bits.
    """
    nodes, graphs = len(data.x), np.arange(len(data))
    source, target = data.global_edge_index()
    graph = np.concatenate([np.repeat(graphs, data.num_nodes), graphs])
    multiplicity = np.repeat([1, lonely], [nodes, len(graphs)])
    times = np.where(source == target, 1, 2).astype(np.uint64)
    adjacency = csr_matrix((times, (target, source)), shape=(len(graph), len(graph)))
    colour, random, rounds = np.concatenate([label, np.zeros_like(graphs)]), np.random.default_rng(0), []
    for _ in range(iterations + 1):
        kinds, now = np.unique(colour, return_inverse=True)
        rounds.append(csr_matrix((multiplicity, (graph, now)), shape=(len(graphs), len(kinds))))
        own, heard = random.integers(2**64, size=(2, len(kinds)), dtype=np.uint64)[:, now]
        colour = own + adjacency @ heard
    return csr_matrix(hstack(rounds))


def edge_counts(data: PackedGraphs, label: _Int64) -> csr_matrix[np.int64]:
    """Return how often each pair of labels is at the ends of an edge of each graph, `[G, pairs]`.

    It is the vertex-edge histogram (Sugiyama and Borgwardt 2015). Edges count in both directions, self-loops once.
    """
    ends = np.sort(label[data.global_edge_index()], axis=0)
    kinds, kind = np.unique(ends, axis=1, return_inverse=True)
    graph = np.repeat(np.arange(len(data)), data.num_edges)
    return csr_matrix((np.ones(len(graph), dtype=np.int64), (graph, kind)), shape=(len(data), kinds.shape[1]))


EDIT_KERNELS: Mapping[str, Callable[[PackedGraphs, _Int64, int, int], csr_matrix[np.int64]]] = {
    "wl": wl_counts,
    "hist-kernel": lambda data, label, *_: edge_counts(data, label),
}


def kernel_similarities(
    made: Triplets, kernel: str, protocol: EditDistanceProtocol, nodes: int
) -> tuple[Floats, Floats]:
    """Return the similarity of each anchor to its positive and to its negative by a kernel, `[G]` each.

    The kernel is "wl" or "hist-kernel", on subgraphs of so many nodes; normalised, it is divided by the root of the
    product of both graphs' kernels with themselves. Raises RelampError for another.
    """
    if kernel not in EDIT_KERNELS:
        raise RelampError(f"edit distance: there is no kernel {kernel!r}; known: {', '.join(EDIT_KERNELS)}")
    together = _joined(made)
    label = np.unique(together.x, axis=0, return_inverse=True)[1].reshape(-1)
    if protocol.does("unlabelled"):
        label = np.zeros_like(label)
    # All of n (n - 1) / 2 but the n themselves.
    lonely = nodes * (nodes - 3) // 2 if protocol.does("surplus") else 0
    counts = EDIT_KERNELS[kernel](together, label, protocol.wl_iterations, lonely)
    anchor, *others = (counts[start : start + len(made.anchor)] for start in range(0, len(together), len(made.anchor)))
    positive, negative = (_dot(anchor, other, normalise=protocol.normalise) for other in others)
    return positive, negative


def _joined(made: Triplets) -> PackedGraphs:
    """Return the graphs of all three parts as one data set."""
    return replace(
        made.anchor,
        x=np.concatenate([part.x for part in made]),
        attributes=None,
        degree=None,
        edge_index=np.concatenate([part.edge_index for part in made], axis=1),
        edge_weight=None,
        node_offset=offsets(np.concatenate([part.num_nodes for part in made])),
        edge_offset=offsets(np.concatenate([part.num_edges for part in made])),
        y=np.concatenate([part.y for part in made]),
    )


def _dot(a: csr_matrix[np.int64], b: csr_matrix[np.int64], *, normalise: bool) -> Floats:
    """Return the product of row i of a with row i of b, or their cosine, `[G]`; whole numbers stay exact."""

    def product(one: csr_matrix[np.int64], other: csr_matrix[np.int64]) -> Floats:
        return np.asarray(one.multiply(other).sum(axis=1), dtype=np.float64).reshape(-1)

    if not normalise:
        return product(a, b)
    scale = np.sqrt(product(a, a)) * np.sqrt(product(b, b))
    return np.asarray(np.divide(product(a, b), scale, out=np.zeros(len(scale)), where=scale > 0))
