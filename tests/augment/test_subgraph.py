from collections import Counter, defaultdict
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.augment.graphs import Union, subgraph
from unions import assert_frequencies, complete, cycle, kept_sets, parts, star, undirected, union, unions

RNG = np.random.default_rng
# A triangle with a tail, and a path beside it.
LOLLIPOP = undirected(7, [(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (5, 6)])


def slow_growth(graph, count: int) -> dict[tuple[int, ...], float]:
    """Probability of every set of nodes, by following all ways in which it can grow."""
    n, entries = graph
    neighbours = defaultdict(set)
    for a, b in entries:
        neighbours[a].add(b)
    level = {frozenset([seed]): 1 / n for seed in range(n)}
    for _ in range(count - 1):
        following: Counter = Counter()
        for inside, p in level.items():
            frontier = set().union(*(neighbours[v] for v in inside)) - inside
            for v in frontier:
                following[inside | {v}] += p / len(frontier)
            if not frontier:
                following[inside] += p
        level = following
    return {tuple(sorted(inside)): p for inside, p in level.items()}


@pytest.mark.parametrize(
    "graph", [LOLLIPOP, star(7), cycle(7), undirected(7, [(0, 1), (1, 1), (1, 2), (1, 3), (3, 4)])]
)
@pytest.mark.parametrize("count", [1, 3, 4, 7])
def test_growth_is_uniform_over_the_frontier(graph, count) -> None:
    draws = 8_000
    edge_index, offset = union([graph] * draws)
    view = subgraph(Union.of(edge_index, offset, (count + 0.01) / 7 if count < 7 else 1.0), RNG(count))
    assert_frequencies(kept_sets(view, draws), slow_growth(graph, count), draws)


def test_duplicate_edges_and_order_of_columns_do_not_matter() -> None:
    draws = 8_000
    n, entries = LOLLIPOP
    edge_index, offset = union([(n, entries + entries[:2] * 3)] * draws)
    order = RNG(0).permutation(edge_index.shape[1])
    view = subgraph(Union.of(edge_index[:, order], offset, 0.44), RNG(1))
    assert_frequencies(kept_sets(view, draws), slow_growth(LOLLIPOP, 3), draws)


@settings(max_examples=60, deadline=None)
@given(unions(), st.floats(0.01, 1), st.integers(0, 9))
def test_paper_is_connected_and_as_large_as_it_can_be(given_union, strength, seed) -> None:
    edge_index, offset = given_union
    whole = nx.Graph(edge_index.T.tolist())
    whole.add_nodes_from(range(offset[-1]))
    view = subgraph(Union.of(edge_index, offset, strength), RNG(seed))
    for start, end in pairwise(offset):
        kept = [v for v in range(start, end) if view.keep[v]]
        if end > start:
            component = nx.node_connected_component(whole, kept[0])
            assert len(kept) == min(max(1, int((end - start) * strength)), len(component))
            assert nx.is_connected(whole.subgraph(kept))
        else:
            assert not kept


def test_code_never_extends_the_frontier() -> None:
    edge_index, offset = union([cycle(50), complete(20), star(30)] * 60)
    view = subgraph(Union.of(edge_index, offset, 0.2, "code"), RNG(0))
    sizes = [len(nodes) for nodes, _ in parts(view, offset)]
    assert set(sizes[0::3]) == {3}  # the seed and its two neighbours
    assert set(sizes[1::3]) == {5}  # the seed and int(0.2 * 20) of its neighbours
    assert set(sizes[2::3]) == {2, 7}  # a leaf and the hub, or the hub and 6 leaves


def test_code_draws_neighbours_uniformly() -> None:
    draws = 10_000
    edge_index, offset = union([LOLLIPOP] * draws)
    view = subgraph(Union.of(edge_index, offset, 0.2, "code"), RNG(2))  # the seed and int(1.4) = 1 neighbour
    neighbours = {v: [b for a, b in LOLLIPOP[1] if a == v] for v in range(7)}
    expected: Counter = Counter()
    for seed, others in neighbours.items():
        for other in others:
            expected[tuple(sorted((seed, other)))] += 1 / 7 / len(others)
    assert_frequencies(kept_sets(view, draws), expected, draws)


def test_code_without_a_neighbour_leaves_nothing() -> None:
    edge_index, offset = union([(3, []), (1, [(0, 0)])])
    view = subgraph(Union.of(edge_index, offset, 0.5, "code"), RNG(0))
    assert view.keep.tolist() == [False, False, False, True]


def test_code_does_not_take_the_seed_for_its_own_neighbour() -> None:
    edge_index, offset = union([undirected(5, [(0, 0), (1, 1), (0, 1), (2, 2), (3, 3), (4, 4), (2, 3), (3, 4)])] * 500)
    view = subgraph(Union.of(edge_index, offset, 0.2, "code"), RNG(0))
    assert {len(nodes) for nodes in kept_sets(view, 500)} == {2}
