"""Deep graph kernels: how alike two graphs are by their substructures, and these by the substructures beside them."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import PackedGraphs
from relamp.data.streams import stream, stream_number
from relamp.evaluate.kernels import Floats, adjacency, normalised
from relamp.evaluate.shortest_path import shortest_paths
from relamp.graph.subtrees import subtrees
from relamp.graph.word_vectors import places_in, word_vectors
from relamp.settings.evaluation import DeepKernel, Substructure

ROUNDS = 2  # of Weisfeiler and Leman, as in its public code
# Graph by graph, its substructures as numbers, those that occur together beside one another.
Sentences = Callable[[PackedGraphs, DeepKernel, np.random.Generator], Iterator[NDArray[np.int64]]]


def deep_kernel(data: PackedGraphs, chosen: DeepKernel, seed: int) -> Floats:
    """Return the normalised deep kernel `P M P^T` `[G, G]` (Yanardag and Vishwanathan 2015).

    P are the shares of substructures in each graph (of Weisfeiler and Leman's their numbers), M how alike two of them
    are: by the product of their skip-gram vectors, which are learnt from what occurs together in a graph, or, as
    `chosen.similarity` says, by the length of a vector or not at all. A graph without substructures has 0 against every
    graph and itself. Raises RelampError if gensim is not installed.
    """
    base = base_of(data) if chosen.base == "published" else chosen.base
    made = list(SENTENCES[base](data, chosen, stream(seed, "substructures")))
    kinds, flat = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *made]), return_inverse=True)
    ends = np.cumsum([len(words) for words in made])
    sentences = np.split(flat, ends[:-1])
    counts = np.stack([np.bincount(words, minlength=len(kinds)) for words in sentences]).astype(np.float64)
    if base != "wl":
        counts /= np.maximum(counts.sum(axis=1, keepdims=True), 1)
    if chosen.similarity != "none" and len(kinds) > 1:  # of one word gensim learns nothing, and may not end
        options = {"window": chosen.window, "hs": 1, "negative": 0}
        passed = [sentences[place] for place in places_in(chosen.order, len(sentences), seed)]
        vectors = word_vectors(lambda: passed, len(kinds), chosen.dimension, stream_number(seed, "words"), **options)
        across = np.linalg.norm(vectors, axis=1) ** 0.5
        counts = counts @ vectors if chosen.similarity == "products" else counts * across
    return normalised(counts @ counts.T)


def base_of(data: PackedGraphs) -> Substructure:
    """Return the substructures by which the printed numbers of a data set were found."""
    if data.name in ("MUTAG", "PTC_MR"):
        return "shortest-path"
    return "graphlet" if data.cardinality == (1,) else "wl"


def graphlets(data: PackedGraphs, chosen: DeepKernel, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield samples of graphlets: one of random nodes, then, for each of its nodes, one of that and of other nodes.

    The other nodes are the same for all; where the graph has too few, these graphlets are smaller. A graph with fewer
    nodes than a graphlet has the one without edges alone.
    """
    size, samples = chosen.graphlet_size, chosen.samples
    for links in adjacency(data):
        joined, nodes = links.toarray().astype(bool), links.shape[0]
        if nodes < size:
            yield kinds_of(np.zeros((samples, size, size), dtype=bool))
            continue
        drawn = rng.permuted(np.tile(np.arange(nodes), (samples, 1)), axis=1)
        first, others = drawn[:, :size], drawn[:, size : 2 * size - 1]
        sets = [first, *(np.concatenate([others, first[:, [place]]], axis=1) for place in range(size))]
        yield np.stack([kinds_of(joined[each[:, :, None], each[:, None]]) for each in sets], axis=1).reshape(-1)


def rooted(data: PackedGraphs) -> Iterator[NDArray[np.int64]]:
    """Yield Weisfeiler and Leman's subtrees of two rounds, round by round, equal ones beside one another."""
    found = subtrees(data, ROUNDS)
    for start, end in pairwise(data.node_offset):
        yield np.sort(found[start:end], axis=0).T.reshape(-1)


def kinds_of(joined: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return a number for each of some adjacency matrices `[s, k, k]`: up to k = 7 the same for isomorphic ones alone.

    Up to there, graphs differ if the numbers of walks from their nodes, and of those back to them, of up to three steps
    do. These are told apart by hashes of 64 bits.
    """
    links, power = joined.astype(np.int64), np.eye(joined.shape[1], dtype=np.int64)
    mixed = np.zeros(joined.shape[:2], dtype=np.uint64)
    for _ in range(3):
        power = power @ links
        for number in (power.sum(axis=2), np.diagonal(power, axis1=1, axis2=2)):
            mixed = _scrambled(mixed + number.astype(np.uint64) + np.uint64(1))
    return _scrambled(mixed.sum(axis=1, dtype=np.uint64) + np.uint64(joined.shape[1])).view(np.int64)


def _scrambled(number: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return another number for each, with each bit of the one in all bits of the other (SplitMix64)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        number = (number ^ (number >> np.uint64(shift))) * np.uint64(factor)
    return number ^ (number >> np.uint64(31))


SENTENCES: Mapping[Substructure, Sentences] = {
    "graphlet": graphlets,
    "shortest-path": lambda data, _, __: shortest_paths(data, of_nodes=True),
    "wl": lambda data, _, __: rooted(data),
}
