from itertools import combinations

import networkx as nx
import numpy as np
import pytest

from relamp.augment.graphs import Union, attribute_masking, node_drop
from unions import assert_frequencies, complete, kept_sets, parts, path, star, undirected, union

RNG = np.random.default_rng


@pytest.mark.parametrize("strength", [0.1, 0.2, 0.5, 0.99, 1.0])
def test_counts_are_exact(strength) -> None:
    sizes = [0, 1, 4, 5, 9, 10, 11, 37]
    edge_index, offset = union([complete(n) for n in sizes])
    view = node_drop(Union.of(edge_index, offset, strength), RNG(0))
    masked = attribute_masking(Union.of(edge_index, offset, strength), RNG(0))
    for n, (kept, edges), start in zip(sizes, parts(view, offset), offset, strict=False):
        assert len(kept) == n - int(n * strength)
        assert len(edges) == len(kept) * (len(kept) - 1)
        assert masked.redraw[start : start + n].sum() == int(n * strength)
    assert masked.keep.all()


def test_edges_are_those_of_the_induced_subgraph_of_networkx() -> None:
    models = [nx.gnp_random_graph(n, 0.3, seed=n) for n in (5, 20, 40)]
    edge_index, offset = union([undirected(len(g), g.edges) for g in models])
    view = node_drop(Union.of(edge_index, offset, 0.3), RNG(1))
    for model, (kept, edges) in zip(models, parts(view, offset), strict=True):
        assert edges == sorted(model.subgraph(kept).to_directed().edges)


@pytest.mark.parametrize("seed", [0, 1])
def test_every_set_of_nodes_is_dropped_equally_often(seed) -> None:
    draws = 10_000
    edge_index, offset = union([complete(5)] * draws)
    view = node_drop(Union.of(edge_index, offset, 0.4), RNG(seed))
    assert_frequencies(kept_sets(view, draws), dict.fromkeys(combinations(range(5), 3), 0.1), draws)
    masked = attribute_masking(Union.of(edge_index, offset, 0.4), RNG(seed)).redraw.reshape(draws, 5)
    assert abs(masked.mean(axis=0) - 0.4).max() < 5 * (0.24 / draws) ** 0.5


def test_code_lets_isolated_nodes_vanish() -> None:
    # Without its hub a star falls apart; a node that was isolated before goes as well; a self-loop holds its node, and
    # is dropped then.
    graphs = [star(3)] * 200 + [undirected(5, [(0, 1), (1, 2), (0, 2), (3, 3)])] * 200
    edge_index, offset = union(graphs)
    paper, code = (node_drop(Union.of(edge_index, offset, 0.34, reading), RNG(5)) for reading in ("paper", "code"))
    found = set()
    for (kept, edges), (bare, same) in zip(parts(paper, offset), parts(code, offset), strict=True):
        assert [(u, v) for u, v in edges if u != v] == same
        assert bare == sorted({node for edge in edges for node in edge})
        found.add((tuple(kept), tuple(bare)))
    assert {((1, 2), ()), ((0, 1), (0, 1))} <= found
    assert ((0, 2, 3, 4), (0, 2, 3)) in found


def test_masking_leaves_the_edges() -> None:
    edge_index, offset = union([path(6), star(8)])
    view = attribute_masking(Union.of(edge_index, offset, 0.5, "code"), RNG(0))
    assert np.array_equal(view.edge_index, edge_index)
    assert view.redraw.sum() == 7


def test_code_masks_no_node_that_vanishes() -> None:
    edge_index, offset = union([undirected(4, [(0, 1)])])
    view = attribute_masking(Union.of(edge_index, offset, 1.0, "code"), RNG(0))
    assert view.keep.tolist() == view.redraw.tolist() == [True, True, False, False]
    assert attribute_masking(Union.of(edge_index, offset, 1.0), RNG(0)).redraw.all()
