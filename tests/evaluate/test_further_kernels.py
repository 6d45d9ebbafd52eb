"""The kernels of M-Mix's Table 3 beside Weisfeiler and Leman's and graphlets."""

from collections import Counter
from math import sqrt

import networkx as nx
import numpy as np
import pytest
from grakel import MultiscaleLaplacian as GrakelLaplacian
from grakel import RandomWalk, ShortestPath

from model_graphs import graph_of, random_graphs
from relamp.errors import RelampError
from relamp.evaluate.kernels import grakel_graphs, normalised
from relamp.evaluate.multiscale_laplacian import compared, form, multiscale_laplacian_kernel
from relamp.evaluate.random_walk import random_walk_kernel
from relamp.evaluate.shortest_path import shortest_path_kernel
from relamp.settings.evaluation import Kernels, MultiscaleLaplacian
from reordered import renumbered
from unions import complete, labelled, packed, path, star

KERNELS = {
    "sp": shortest_path_kernel,
    "random-walk": lambda data: random_walk_kernel(data, 0.9),
    # All nodes are drawn, so that their order does not matter.
    "mlg": lambda data: multiscale_laplacian_kernel(data, Kernels(), np.random.default_rng(0)),
}


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("seed", range(3))
def test_symmetric_positive_semidefinite_and_blind_to_order(kernel, seed):
    data = random_graphs(seed, count=6)
    k = kernel(data)
    np.testing.assert_allclose(k, k.T, atol=1e-12)
    assert np.linalg.eigvalsh(k).min() > -1e-9
    assert np.isin(k.diagonal().round(9), [0, 1]).all()
    np.testing.assert_allclose(kernel(renumbered(data, seed)), k, atol=1e-6)
    order = np.random.default_rng(seed).permutation(len(data))
    np.testing.assert_allclose(kernel(data.take(order)), k[np.ix_(order, order)], atol=1e-6)


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_graphs_without_edges_with_one_node_and_with_none(kernel):
    k = kernel(packed([(4, []), (1, []), (0, []), path(3)]))
    assert np.isfinite(k).all()
    np.testing.assert_array_equal(k[2], 0)
    assert k[3, 3] == pytest.approx(1)
    assert np.isfinite(kernel(packed([(1, []), (1, [])]))).all()
    np.testing.assert_array_equal(kernel(packed([(0, []), (0, [])])), np.zeros((2, 2)))


def slow_shortest_paths(data):
    found = []
    for graph in (graph_of(data, g) for g in range(len(data))):
        label = nx.get_node_attributes(graph, "label")
        lengths = dict(nx.all_pairs_shortest_path_length(graph))
        pairs = [(u, v) for u in graph for v in lengths[u] if u < v]
        found.append(Counter((*sorted((label[u], label[v])), lengths[u][v]) for u, v in pairs))
    return normalised(np.array([[float(sum(a[k] * b[k] for k in a)) for b in found] for a in found]))


def test_shortest_paths_by_hand():
    data = labelled([([0, 1, 0], [(0, 1), (1, 2)]), ([0, 1], [(0, 1)]), ([0, 0], [])], (2,))
    # (0, 1) at 1 twice and (0, 0) at 2; (0, 1) at 1; none.
    np.testing.assert_allclose(shortest_path_kernel(data), [[1, 2 / sqrt(5), 0], [2 / sqrt(5), 1, 0], [0, 0, 0]])


@pytest.mark.parametrize("seed", range(4))
def test_shortest_paths_equal_the_slow_ones(seed):
    data = random_graphs(seed, count=8, cardinality=(2, 2), most=9)
    np.testing.assert_allclose(shortest_path_kernel(data), slow_shortest_paths(data), atol=1e-12)


def test_shortest_paths_without_labels_are_grakels():
    data = random_graphs(0, count=8, cardinality=(1,), most=9)
    theirs = ShortestPath(normalize=True).fit_transform(grakel_graphs(data, data.x[:, 0]))
    np.testing.assert_allclose(shortest_path_kernel(data), np.nan_to_num(theirs), atol=1e-12)


def test_random_walks_by_hand_and_by_products_of_graphs():
    data = packed([path(2), path(1), complete(3)])
    # The largest eigenvalue is that of the triangle, 2. Walks of k steps: 2, 1 (k = 0) or 0, and 3 times 2^k.
    rate = 0.5 / 4
    plain = np.array([[4 / (1 - rate), 2, 6 / (1 - 2 * rate)], [2, 1, 3], [6 / (1 - 2 * rate), 3, 9 / (1 - 4 * rate)]])
    np.testing.assert_allclose(random_walk_kernel(data, 0.5), normalised(plain), atol=1e-12)
    made = random_graphs(2, count=6)
    radius = max(np.linalg.eigvalsh(nx.to_numpy_array(graph_of(made, g)))[-1] for g in range(len(made)))
    theirs = RandomWalk(lamda=0.9 / radius**2, normalize=True).fit_transform(grakel_graphs(made, made.x[:, 0]))
    np.testing.assert_allclose(random_walk_kernel(made, 0.9), theirs, atol=1e-6)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_sum_that_is_none_is_refused(share):
    with pytest.raises(RelampError, match="share"):
        random_walk_kernel(packed([path(2)]), share)


def slow_laplacian(one, other, chosen):
    """The kernel of two graphs (A, U) as the paper has it, Eq. 6, by explicit inverses and determinants."""
    made = []
    for links, at in (one, other):
        laplacian = np.diag(links.sum(axis=0)) - links + chosen.eta * np.eye(len(links))
        made.append(at.T @ np.linalg.inv(laplacian) @ at + chosen.gamma * np.eye(at.shape[1]))
    s, t = made
    both = np.linalg.inv((np.linalg.inv(s) + np.linalg.inv(t)) / 2)
    return sqrt(np.linalg.det(both)) / (np.linalg.det(s) * np.linalg.det(t)) ** 0.25


def test_laplacians_are_compared_as_in_the_paper():
    rng, chosen = np.random.default_rng(0), MultiscaleLaplacian(gamma=0.3, eta=0.2)
    graphs = [nx.to_numpy_array(nx.gnp_random_graph(n, 0.5, seed=n)) for n in (1, 4, 6)]
    pairs = [(links, rng.normal(size=(len(links), 3))) for links in graphs]
    forms = np.array([form(nx.to_scipy_sparse_array(nx.from_numpy_array(a)), u, chosen) for a, u in pairs])
    expected = [[slow_laplacian(one, other, chosen) for other in pairs] for one in pairs]
    np.testing.assert_allclose(compared(forms, forms), expected, rtol=1e-9)
    # By hand: one node of feature 1 has 1 / eta + gamma = 5.3, one of feature 0 has gamma alone.
    forms = np.array([[[5.3]], [[0.3]]])
    assert compared(forms, forms)[0, 1] == pytest.approx(sqrt(2 / (1 / 5.3 + 1 / 0.3)) / (5.3 * 0.3) ** 0.25)


def slow_multiscale(data, chosen):
    """All nodes are drawn, and each level's kernel between nodes is made in full."""
    graphs = [graph_of(data, g) for g in range(len(data))]
    at = [np.eye(data.cardinality[0])[[graph.nodes[u]["label"][0] for u in graph]] for graph in graphs]
    for hops in range(1, chosen.levels + 1):
        balls = []
        for graph, u in zip(graphs, at, strict=True):
            for node in graph:
                near = sorted(nx.single_source_shortest_path_length(graph, node, cutoff=hops))
                balls.append((nx.to_numpy_array(graph, nodelist=near), u[near]))
        gram = np.array([[slow_laplacian(one, other, chosen) for other in balls] for one in balls])
        values, vectors = np.linalg.eigh(gram)
        whole = vectors * np.sqrt(np.maximum(values, 0))  # the features whose products are the kernel
        at = np.split(whole, data.node_offset[1:-1])
    pairs = [(nx.to_numpy_array(graph), u) for graph, u in zip(graphs, at, strict=True)]
    return np.array([[slow_laplacian(one, other, chosen) for other in pairs] for one in pairs])


def test_the_multiscale_kernel_equals_the_slow_one_where_all_nodes_are_drawn():
    data, chosen = (
        random_graphs(4, count=4, cardinality=(2,), most=5),
        MultiscaleLaplacian(levels=2, rank=50, samples=50),
    )
    made = multiscale_laplacian_kernel(data, Kernels(mlg=chosen), np.random.default_rng(0))
    np.testing.assert_allclose(made, slow_multiscale(data, chosen), atol=1e-4)


def test_fewer_nodes_are_drawn_by_the_seed():
    data, options = random_graphs(1, count=12, most=9), Kernels(mlg={"samples": 8})
    first, again, other = (multiscale_laplacian_kernel(data, options, np.random.default_rng(s)) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert GrakelLaplacian().get_params()["n_samples"] == Kernels().mlg.samples


def test_stars_and_paths_differ():
    for kernel in KERNELS.values():
        assert kernel(packed([star(5), path(5)]))[0, 1] < 0.99
