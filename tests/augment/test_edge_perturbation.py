from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.augment.edge_perturbation import free_pairs
from relamp.augment.graphs import edge_perturbation
from relamp.augment.view import Union
from unions import assert_frequencies, cycle, parts, path, union, unions

RNG = np.random.default_rng


def pairs_of(edges) -> set[tuple[int, int]]:
    return {(a, b) for a, b in edges if a < b}


@settings(max_examples=80, deadline=None)
@given(unions(), st.floats(0.01, 1), st.integers(0, 9))
def test_paper_replaces_undirected_edges(given_union, strength, seed) -> None:
    edge_index, offset = given_union
    view = edge_perturbation(Union.of(edge_index, offset, strength), RNG(seed))
    assert view.keep.all()
    before = parts(edge_perturbation(Union.of(edge_index, offset, 0.0), RNG(0)), offset)
    for (nodes, old), (_, new) in zip(before, parts(view, offset), strict=True):
        assert len(set(new)) == len(new)
        assert {(b, a) for a, b in new} == set(new)
        assert {e for e in old if e[0] == e[1]} == {e for e in new if e[0] == e[1]}
        was, now = pairs_of(old), pairs_of(new)
        count = int(len(was) * strength)
        free = len(nodes) * (len(nodes) - 1) // 2 - len(was)
        assert len(was - now) == count
        assert len(now - was) == min(count, free)


def test_paper_removes_and_adds_uniformly() -> None:
    draws = 20_000
    edge_index, offset = union([path(5)] * draws)  # 4 edges, 6 free pairs; two are replaced
    view = edge_perturbation(Union.of(edge_index, offset, 0.5), RNG(3))
    low, high = view.edge_index[:, view.edge_index[0] < view.edge_index[1]]
    old = set(combinations(range(5), 2)) & {(i, i + 1) for i in range(4)}
    kept: list[list] = [[] for _ in range(draws)]
    added: list[list] = [[] for _ in range(draws)]
    for graph, pair in zip((low // 5).tolist(), zip((low % 5).tolist(), (high % 5).tolist(), strict=True), strict=True):
        (kept if pair in old else added)[graph].append(pair)
    free = sorted(set(combinations(range(5), 2)) - old)
    sets = Counter(tuple(sorted(pairs)) for pairs in kept)
    assert_frequencies(sets, dict.fromkeys(combinations(sorted(old), 2), 1 / 6), draws)
    sets = Counter(tuple(sorted(pairs)) for pairs in added)
    assert_frequencies(sets, dict.fromkeys(combinations(free, 2), 1 / 15), draws)


def test_new_edges_carry_the_attributes_of_the_removed() -> None:
    edge_index, offset = union([cycle(30), cycle(20)])
    view = edge_perturbation(Union.of(edge_index, offset, 0.2), RNG(0))
    origin = {tuple(sorted(pair)) for pair in edge_index[:, view.edge_origin].T.tolist()}
    assert origin == {tuple(sorted(pair)) for pair in edge_index.T.tolist()}  # nothing is lost, since all is replaced
    assert np.array_equal(view.edge_index[:, :80], edge_index[:, view.edge_origin[:80]])
    assert np.all(np.diff(view.edge_origin[:80]) > 0)
    forward, backward = view.edge_index[:, 80:90], view.edge_index[:, 90:]
    assert np.array_equal(forward, backward[::-1])
    assert np.array_equal(view.edge_origin[80:90], view.edge_origin[90:])
    removed = set(range(100)) - set(view.edge_origin[:80].tolist())
    assert set(view.edge_origin[80:].tolist()) <= removed
    assert len(set(view.edge_origin[80:].tolist())) == 10


def test_duplicates_and_single_directions() -> None:
    # Ten pairs, the first given three times, the others in one direction only.
    entries = [(0, 1), (1, 0), (0, 1)] + [(i + 1, i) for i in range(1, 10)]
    edge_index, offset = union([(11, entries)])
    view = edge_perturbation(Union.of(edge_index, offset, 0.9), RNG(0))
    kept = view.edge_origin[: view.edge_index.shape[1] - 18]
    left = {tuple(sorted(entries[column])) for column in kept.tolist()}
    assert len(left) == 1
    assert len(kept) == (3 if left == {(0, 1)} else 1)


@settings(max_examples=60, deadline=None)
@given(unions(), st.floats(0.01, 1), st.integers(0, 9))
def test_code_removes_directed_entries(given_union, strength, seed) -> None:
    edge_index, offset = given_union
    view = edge_perturbation(Union.of(edge_index, offset, strength, "code"), RNG(seed))
    assert np.array_equal(view.edge_index, edge_index[:, view.edge_origin])
    assert np.all(np.diff(view.edge_origin) > 0)
    graph = np.repeat(np.arange(len(offset) - 1), np.diff(offset))
    assert (view.edge_index[0] != view.edge_index[1]).all()
    before, after, loops = (
        np.bincount(graph[e[0]], minlength=len(offset) - 1)
        for e in (edge_index, view.edge_index, edge_index[:, edge_index[0] == edge_index[1]])
    )
    # Self-loops are among what goes, and what is left of them goes as well.
    for e, found, looped in zip(before.tolist(), after.tolist(), loops.tolist(), strict=True):
        assert e - int(e * strength) - looped <= found <= min(e - int(e * strength), e - looped)


def test_code_draws_each_directed_entry_alike() -> None:
    draws = 20_000
    edge_index, offset = union([path(3)] * draws)
    view = edge_perturbation(Union.of(edge_index, offset, 0.5, "code"), RNG(0))
    counted = Counter(tuple(row) for row in (view.edge_origin % 4).reshape(draws, 2).tolist())
    assert_frequencies(counted, dict.fromkeys(combinations(range(4), 2), 1 / 6), draws)


@pytest.mark.parametrize("edges", [0, 300, 1100, 1200, 1220])
def test_free_pairs_from_sparse_to_dense(edges) -> None:
    # 50 nodes have 1,225 pairs; rejection and listing must both give distinct free pairs, all of them if asked.
    everything = list(combinations(range(50), 2))
    order = RNG(edges).permutation(len(everything))
    taken = sorted(everything[i] for i in order[:edges])
    codes = np.array([a * 53 + b for a, b in taken], dtype=np.int64)
    graphs = Union.of(np.empty((2, 0), dtype=np.int64), np.array([0, 50, 50, 53]), 0.5)
    for wanted in (0, 1, 5, (1225 - edges) // 2, 1225 - edges, 5000):
        found = free_pairs(codes, graphs, np.array([wanted, 7, 2]), RNG(wanted))
        assert np.all(np.diff(found) > 0)
        first = {(c // 53, c % 53) for c in found.tolist() if c // 53 < 50}
        assert len(first) == min(wanted, 1225 - edges)
        assert first <= set(everything) - set(taken)
        assert sum(c // 53 >= 50 for c in found.tolist()) == 2
