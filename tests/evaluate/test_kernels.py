from collections import Counter
from itertools import combinations, permutations
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_graphs import graph_of, random_graphs, refined
from relamp.data.packaged import pack
from relamp.errors import RelampError
from relamp.evaluate.kernels import _graphlets, _node_sets, graphlet_kernel, wl_kernel
from reordered import renumbered
from unions import complete, labelled, packed, path, star

KERNELS = [
    lambda data: wl_kernel(data, 0),
    lambda data: wl_kernel(data, 3),
    lambda data: graphlet_kernel(data, 3, 0),
    lambda data: graphlet_kernel(data, 4, 0),
]


def cosine(features):
    keys = sorted({key for feature in features for key in feature}, key=repr)
    phi = np.array([[feature[key] for key in keys] for feature in features], dtype=float).reshape(len(features), -1)
    norm = np.linalg.norm(phi, axis=1)
    return phi @ phi.T / np.where(norm > 0, norm, 1)[:, None] / np.where(norm > 0, norm, 1)


def slow_wl(data, iterations):
    return cosine([refined(graph_of(data, g), iterations) for g in range(len(data))])


def slow_graphlets(data, size):
    """Every node set, named by the smallest edge list over all orders of its nodes."""
    features = []
    for graph in (graph_of(data, g) for g in range(len(data))):
        features.append(Counter())
        for nodes in combinations(graph, size):
            forms = [tuple(graph.has_edge(u, v) for u, v in combinations(order, 2)) for order in permutations(nodes)]
            features[-1][min(forms)] += 1
    return cosine(features)


def test_wl_by_hand():
    data = labelled([([0, 1, 0], [(0, 1), (1, 2)]), ([0, 1], [(0, 1)])], (2,))
    # Labels: (2, 1) and (1, 1). After one round: 0 with neighbour 1 twice and once, 1 with neighbours 0 0, 1 with 0.
    np.testing.assert_allclose(wl_kernel(data, 0), [[1, 3 / sqrt(5 * 2)], [3 / sqrt(5 * 2), 1]])
    np.testing.assert_allclose(wl_kernel(data, 1), [[1, 5 / sqrt(10 * 4)], [5 / sqrt(10 * 4), 1]])


def test_wl_labels_are_whole_rows_of_x():
    first, second = ([(0, 0), (1, 1)], []), ([(0, 1), (1, 0)], [])
    np.testing.assert_allclose(wl_kernel(labelled([first, second], (2, 2)), 2), np.eye(2))


@pytest.mark.parametrize("iterations", [0, 1, 2, 4])
@pytest.mark.parametrize("seed", range(5))
def test_wl_equals_the_slow_one(seed, iterations):
    data = random_graphs(seed, count=6)
    np.testing.assert_allclose(wl_kernel(data, iterations), slow_wl(data, iterations), atol=1e-12)


def test_graphlets_of_three_nodes_by_hand():
    data = packed([complete(3), path(3), star(4), path(4)])
    # Numbers of (no edge, one edge, path, triangle): (0,0,0,1), (0,0,1,0), (1,0,3,0), (0,2,2,0).
    expected = [
        [1, 0, 0, 0],
        [0, 1, 3 / sqrt(10), 2 / sqrt(8)],
        [0, 3 / sqrt(10), 1, 6 / sqrt(80)],
        [0, 2 / sqrt(8), 6 / sqrt(80), 1],
    ]
    np.testing.assert_allclose(graphlet_kernel(data, 3, seed=0), expected)


@pytest.mark.parametrize("size", [3, 4, 5])
@pytest.mark.parametrize("seed", range(2))
def test_graphlets_equal_the_slow_ones(seed, size):
    data = random_graphs(seed, count=6, most=7)
    np.testing.assert_allclose(graphlet_kernel(data, size, 0), slow_graphlets(data, size), atol=1e-12)


@pytest.mark.parametrize(("size", "known"), [(3, 4), (4, 11), (5, 34)])
def test_number_of_graphlets(size, known):
    assert len(np.unique(_graphlets(size))) == known


@given(st.integers(0, 2**32), st.sampled_from(KERNELS))
@settings(max_examples=25, deadline=None)
def test_symmetric_positive_semidefinite_and_blind_to_order(seed, kernel):
    data = random_graphs(seed)
    k = kernel(data)
    assert np.array_equal(k, k.T)
    assert np.linalg.eigvalsh(k).min() > -1e-9
    assert np.isin(k.diagonal().round(12), [0, 1]).all()
    np.testing.assert_allclose(kernel(renumbered(data, seed)), k, atol=1e-12)
    order = np.random.default_rng(seed).permutation(len(data))
    np.testing.assert_allclose(kernel(data.take(order)), k[np.ix_(order, order)], atol=1e-12)


def test_graphs_without_edges_or_with_few_nodes():
    data = packed([(1, []), (4, []), (0, []), path(3)])
    wl = wl_kernel(data, 1)
    # Without edges only node labels count: (1, 4, 0, 3) nodes in round 0, (1, 4, 0, 0) alone in round 1.
    np.testing.assert_allclose(wl[0], [1, 1, 0, 3 / sqrt(2 * (9 + 4 + 1))])
    np.testing.assert_array_equal(wl[2], 0)
    np.testing.assert_array_equal(wl_kernel(packed([(0, []), (0, [])]), 1), np.zeros((2, 2)))
    # One node and no node hold no graphlet; four lone nodes hold the empty one only.
    np.testing.assert_allclose(graphlet_kernel(data, 3, 0), np.diag([0, 1, 0, 1]))
    np.testing.assert_array_equal(graphlet_kernel(packed([(1, []), path(2)]), 4, 0), np.zeros((2, 2)))


def test_sampled_graphlets_repeat_under_a_seed_and_approach_the_full_count():
    data = random_graphs(3, count=8, most=25)
    full = graphlet_kernel(data, 4, 0, samples=20_000)
    first, again, other = (graphlet_kernel(data, 4, seed, samples=2_000) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    # A frequency of 2,000 samples has a standard error of at most 0.011.
    np.testing.assert_allclose(first, full, atol=0.05)
    assert np.array_equal(first, graphlet_kernel(data, 4, np.random.default_rng(1), samples=2_000))


def test_sampled_node_sets_are_uniform():
    rng = np.random.default_rng(0)
    sets = np.concatenate([_node_sets(6, 3, 19, rng) for _ in range(2_000)])  # 20 sets exist, so 19 are drawn
    counts = Counter(map(tuple, sets.tolist()))
    assert set(counts) == set(combinations(range(6), 3))
    expected = len(sets) / 20
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < 43.8  # chi-square, 19 df, p = 0.001


def test_refuses_settings_out_of_range():
    data = packed([path(1)])
    with pytest.raises(RelampError, match="-1 iterations"):
        wl_kernel(data, -1)
    with pytest.raises(RelampError, match="size 6"):
        graphlet_kernel(data, 6, 0)
    with pytest.raises(RelampError, match="0 samples"):
        graphlet_kernel(data, 3, 0, samples=0)


def test_mutag():
    data = pack("MUTAG")
    some = data.take(np.arange(12))
    np.testing.assert_allclose(wl_kernel(data, 3)[:12, :12], slow_wl(some, 3), atol=1e-12)
    np.testing.assert_allclose(graphlet_kernel(data, 3, 0)[:12, :12], slow_graphlets(some, 3), atol=1e-12)
