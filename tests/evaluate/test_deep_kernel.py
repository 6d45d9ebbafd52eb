"""Deep graph kernels: their substructures by hand and against slow twins, and what their vectors add."""

import networkx as nx
import numpy as np
import pytest
from networkx.generators.atlas import graph_atlas_g

from model_graphs import random_graphs
from relamp.evaluate import deep_kernel as module
from relamp.evaluate.deep_kernel import base_of, deep_kernel, graphlets, kinds_of
from relamp.evaluate.kernels import normalised
from relamp.settings.evaluation import DeepKernel
from unions import complete, labelled, packed, path

BASES = ["graphlet", "shortest-path", "wl"]


@pytest.mark.parametrize("size", range(1, 8))
def test_graphlets_are_told_apart_up_to_seven_nodes(size):
    rng = np.random.default_rng(0)
    links = np.array([nx.to_numpy_array(graph) for graph in graph_atlas_g() if len(graph) == size], dtype=bool)
    assert len(np.unique(kinds_of(links))) == len(links)  # the atlas has each graph once
    order = rng.permutation(size)
    np.testing.assert_array_equal(kinds_of(links[:, order][:, :, order]), kinds_of(links))


def test_a_sample_of_graphlets_shares_one_node_with_the_first():
    chosen = DeepKernel(graphlet_size=3, samples=40)
    whole, small, one = graphlets(packed([complete(6), path(2), complete(4)]), chosen, np.random.default_rng(0))
    triangle, edge, none = (kinds_of(np.array([nx.to_numpy_array(g)], dtype=bool))[0] for g in
                            (nx.complete_graph(3), nx.complete_graph(2), nx.empty_graph(3)))  # fmt: skip
    assert whole.tolist() == 40 * 4 * [triangle]
    assert small.tolist() == 40 * [none]
    # Of four nodes one is left beside the first three, so that the others are edges.
    assert one.tolist() == 40 * [triangle, edge, edge, edge]


def test_the_plain_kernel_by_hand():
    data = labelled([([0, 1], [(0, 1)]), ([0, 0], [(0, 1)]), ([0], [])], (2,))
    # Shares of (0 0, 0), (1 1, 0), (0 1, 1), (0 0, 1): ordered pairs, each node with itself among them.
    p = np.array([[1 / 4, 1 / 4, 1 / 2, 0], [1 / 2, 0, 0, 1 / 2], [1, 0, 0, 0]])
    chosen = DeepKernel(base="shortest-path", similarity="none")
    np.testing.assert_allclose(deep_kernel(data, chosen, 0), normalised(p @ p.T), atol=1e-12)
    # Two rounds: 0, 1; 0(1), 1(0); and once more. Against 0, 0; 0(0) twice; and once more. And 0 thrice.
    counts = np.array([[1, 1, 1, 1, 1, 1, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0, 2, 2, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 1, 1]])
    chosen = DeepKernel(base="wl", similarity="none")
    np.testing.assert_allclose(deep_kernel(data, chosen, 0), normalised((counts @ counts.T).astype(float)), atol=1e-12)


@pytest.mark.parametrize("similarity", ["products", "lengths"])
def test_substructures_are_as_alike_as_their_vectors(monkeypatch, similarity):
    vectors = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    monkeypatch.setattr(module, "word_vectors", lambda sentences, words, *_, **__: vectors[:words])
    data = labelled([([0, 1], [(0, 1)]), ([0, 0], [(0, 1)]), ([0], [])], (2,))
    # Kinds ascend by labels and then by length: (0 0, 0), (0 0, 1), (0 1, 1), (1 1, 0).
    p = np.array([[1 / 4, 0, 1 / 2, 1 / 4], [1 / 2, 1 / 2, 0, 0], [1, 0, 0, 0]])
    m = vectors @ vectors.T if similarity == "products" else np.diag(np.linalg.norm(vectors, axis=1))
    chosen = DeepKernel(base="shortest-path", similarity=similarity)
    np.testing.assert_allclose(deep_kernel(data, chosen, 0), normalised(p @ m @ p.T), atol=1e-6)


def test_vectors_are_learnt_from_graphs_in_the_order_of_the_data_or_a_drawn_one(monkeypatch):
    seen = []

    def learnt(sentences, words, *_, **__):
        seen.append([len(words) for words in sentences()])
        return np.ones((words, 1), dtype=np.float32)

    monkeypatch.setattr(module, "word_vectors", learnt)
    data = labelled([([0] * size, path(size)[1]) for size in range(2, 12)], (1,))
    kernels = [deep_kernel(data, DeepKernel(base="wl", order=order), 0) for order in ("file", "drawn", "drawn")]
    file, drawn, again = seen
    assert file == sorted(file) != drawn == again
    assert sorted(drawn) == file
    # The kernel's rows stay those of the data.
    np.testing.assert_array_equal(kernels[0], kernels[1])


def test_the_order_of_the_data_tells_where_a_graph_stands_and_a_drawn_one_does_not():
    pytest.importorskip("gensim", reason="vectors of words need gensim")
    rng = np.random.default_rng(0)
    # All are drawn alike, and the first half is called one class: nothing but their places can tell it.
    data = labelled([(rng.integers(0, 40, 12).tolist(), path(12)[1]) for _ in range(160)], (40,))
    first = np.arange(160) < 80

    def told(order):
        kernel = deep_kernel(data, DeepKernel(base="wl", order=order), 0) - 2 * np.eye(160)
        return np.mean(first[kernel.argmax(axis=1)] == first)

    assert told("file") > told("drawn") + 0.1
    assert abs(told("drawn") - 0.5) < 0.15


@pytest.mark.parametrize("base", BASES)
def test_it_repeats_under_a_seed_and_takes_small_graphs(base):
    pytest.importorskip("gensim", reason="vectors of words need gensim")
    data = random_graphs(0, count=6, most=12)
    first, again, other = (deep_kernel(data, DeepKernel(base=base, dimension=4), seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.linalg.eigvalsh(first).min() > -1e-9
    few = deep_kernel(packed([(0, []), (1, []), (3, []), path(4)]), DeepKernel(base=base, dimension=4), 0)
    assert np.isfinite(few).all()


def test_the_published_base_follows_the_data():
    assert base_of(packed([path(2)], "MUTAG")) == "shortest-path"
    assert base_of(packed([path(2)], "IMDB-BINARY")) == "graphlet"
    assert base_of(labelled([([0, 1], [])], (2,))) == "wl"
