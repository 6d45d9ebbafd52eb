import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from model_graphs import random_graphs
from relamp.data.packed import PackedGraphs
from relamp.graph.coding_tree import coding_levels, gain
from relamp.graph.entropy import degrees, structural_entropy
from reordered import edgeless
from unions import complete, path, star, union

DATA = random_graphs(0, count=60, most=14)


def levels_of(data: PackedGraphs, height: int) -> np.ndarray:
    return coding_levels(data.global_edge_index(), data.node_offset, height)


def adjacency(data: PackedGraphs, g: int) -> np.ndarray:
    n = data.num_nodes[g]
    made = np.zeros((n, n))
    np.add.at(made, tuple(data.edge_index[:, data.edge_offset[g] : data.edge_offset[g + 1]]), 1)
    return made


def volume(matrix: np.ndarray, nodes: frozenset[int]) -> float:
    return matrix[sorted(nodes)].sum()


def cut(matrix: np.ndarray, one: frozenset[int], two: frozenset[int]) -> float:
    return matrix[np.ix_(sorted(one), sorted(two))].sum()


def entropy(matrix: np.ndarray, levels: list[list[frozenset[int]]]) -> float:
    """-sum g_a / vol log(vol_a / vol_parent) over all groups but the root, of levels from the leaves up."""
    every, total = frozenset(range(len(matrix))), 0.0
    for i, level in enumerate(levels):
        for a in level:
            (parent,) = [b for b in levels[i + 1] if a <= b] if i + 1 < len(levels) else [every]
            leaves = cut(matrix, a, every - a)
            total -= leaves / matrix.sum() * math.log(volume(matrix, a) / volume(matrix, parent)) if leaves else 0.0
    return total


def sets(names: np.ndarray) -> list[frozenset[int]]:
    return [frozenset(np.flatnonzero(names == name).tolist()) for name in np.unique(names)]


def merged_slowly(matrix: np.ndarray, things: list[frozenset[int]]) -> list[frozenset[int]]:
    """The two levels' groups by dense matrices and lists: every choice looks at all that there is."""
    every = frozenset().union(*things)
    total = sum(cut(matrix, a, every) for a in things)
    vol = [cut(matrix, a, every) for a in things]
    out = [cut(matrix, a, every - a) for a in things]
    tops, children, leaves = list(range(len(things))), {}, list(things)

    def worse(a: int, b: int) -> float:
        both, w = vol[a] + vol[b] + 2, cut(matrix, leaves[a], leaves[b])
        inner = [(vol[c] - out[c]) * math.log(both / (vol[c] + 1)) for c in (a, b)]
        return sum(inner) - 2 * w * math.log(total / both)

    while True:
        pairs = [(a, b) for a in tops for b in tops if a < b and cut(matrix, leaves[a], leaves[b])]
        if not pairs:
            break
        # Equal but for rounding: the first in order.
        _, a, b = min((round(worse(a, b), 9), a, b) for a, b in pairs)
        out.append(out[a] + out[b] - 2 * cut(matrix, leaves[a], leaves[b]))
        vol.append(vol[a] + vol[b])
        leaves.append(leaves[a] | leaves[b])
        children[len(leaves) - 1] = [a, b]
        tops = [c for c in tops if c not in (a, b)] + [len(leaves) - 1]
    root = tops[0] if len(tops) == 1 else -1
    children.setdefault(root, tops if root < 0 else [])

    def price(a: int, parent: int) -> float:
        below = children[a]
        inner = sum(cut(matrix, leaves[c], leaves[d]) for c in below for d in below if c < d)
        return inner * math.log(((total if parent < 0 else vol[parent]) + 1) / (vol[a] + 1))

    while True:
        found = [
            (round(price(a, parent), 9), a, parent)
            for parent, below in children.items()
            for a in below
            if a in children and (parent != root or any(c in children for c in children[a]))
        ]
        if not found:
            break
        _, a, parent = min(found)
        children[parent] = [c for c in children[parent] if c != a] + children.pop(a)
    return sorted((leaves[a] for a in children[root]), key=min) if children[root] else things


def deeper_slowly(matrix: np.ndarray, levels: list[list[frozenset[int]]]) -> list[list[frozenset[int]]]:
    fine: list[frozenset[int]] = []
    for a in levels[1]:
        here = np.isin(np.arange(len(matrix)), sorted(a))
        fine += merged_slowly(matrix * np.outer(here, here), [frozenset([v]) for v in sorted(a)])
    fine.sort(key=min)
    ways = [[levels[0], fine, *levels[1:]], [*levels, merged_slowly(matrix, levels[-1])]]
    if not matrix.any():
        return ways[0]
    present = entropy(matrix, levels)
    below, above = ((present - entropy(matrix, way)) / len(way[at]) for way, at in zip(ways, (0, -2), strict=True))
    return ways[int(below < above - 1e-12)]


@pytest.mark.parametrize("height", [2, 3, 5])
def test_levels_are_those_of_a_slow_twin(height: int) -> None:
    made = levels_of(DATA, height)
    assert made.shape == (height - 1, len(DATA.x))
    for g, (start, end) in enumerate(pairwise(DATA.node_offset)):
        matrix = adjacency(DATA, g)
        leaves = [frozenset([v]) for v in range(len(matrix))]
        expected = [leaves, merged_slowly(matrix, leaves)]
        while len(expected) < height:
            expected = deeper_slowly(matrix, expected)
        found = [sets(row[start:end] - start) for row in made]
        assert [set(level) for level in found] == [set(level) for level in expected[1:]]


def test_groups_are_nested_and_named_by_their_first_node() -> None:
    made = [np.arange(len(DATA.x)), *levels_of(DATA, 5), np.repeat(DATA.node_offset[:-1], DATA.num_nodes)]
    for low, high in pairwise(made):
        for name in np.unique(high):
            (members,) = np.nonzero(high == name)
            assert members[0] == name
            assert np.isin(np.flatnonzero(np.isin(low, low[members])), members).all()


def test_what_a_level_gains_is_what_the_entropy_loses() -> None:
    edges, root = DATA.global_edge_index(), np.repeat(DATA.node_offset[:-1], DATA.num_nodes)
    plain = structural_entropy(degrees(edges, len(DATA.x)), DATA.node_offset)
    made = [np.arange(len(DATA.x)), *levels_of(DATA, 4), root]
    found = [gain(made[i], made[i - 1], made[i + 1], root, edges) for i in (1, 2, 3)]
    assert all((each >= 0).all() for each in found)
    for g, (start, end) in enumerate(pairwise(DATA.node_offset)):
        matrix, levels = adjacency(DATA, g), [sets(names[start:end]) for names in made[:-1]]
        assert entropy(matrix, levels[:1]) == pytest.approx(plain[g], abs=1e-12)
        for i in (1, 2, 3):
            without = entropy(matrix, levels[:i] + levels[i + 1 :])
            assert entropy(matrix, levels) == pytest.approx(without - found[i - 1][start], abs=1e-12)


def partitions(nodes: list[int]) -> Iterator[list[frozenset[int]]]:
    if not nodes:
        yield []
        return
    for rest in partitions(nodes[1:]):
        yield [frozenset([nodes[0]]), *rest]
        for i in range(len(rest)):
            yield [*rest[:i], rest[i] | {nodes[0]}, *rest[i + 1 :]]


def test_no_partition_has_less_entropy_than_the_best_of_all() -> None:
    data, lost, most = random_graphs(3, count=40, most=6), 0.0, 0.0
    (made,) = levels_of(data, 2)
    for g, (start, end) in enumerate(pairwise(data.node_offset)):
        matrix = adjacency(data, g)
        leaves = [frozenset([v]) for v in range(len(matrix))]
        best = min(entropy(matrix, [leaves, groups]) for groups in partitions(list(range(len(matrix)))))
        got = entropy(matrix, [leaves, sets(made[start:end])])
        plain = entropy(matrix, [leaves])
        assert best - 1e-12 <= got <= plain + 1e-12
        lost, most = lost + got - best, most + plain - best
    assert lost < 0.1 * most


def test_by_hand() -> None:
    # Of a path the ends are merged first. Of a star the centre takes one leaf after another; the last merger but one is
    # dissolved first (log 9/8), then the first (log 7/6), since the second, now below the root, costs log 9/7.
    edges, offset = union([path(4), star(5), complete(4), (3, [(0, 0)]), (0, []), path(2)])
    (made,) = coding_levels(edges, offset, 2)
    assert made.tolist() == [0, 0, 2, 2, 4, 4, 4, 7, 8, 9, 9, 11, 11, 13, 14, 15, 16, 17]


def test_without_edges_all_levels_are_nodes() -> None:
    assert (levels_of(edgeless(DATA), 4) == np.arange(len(DATA.x))).all()
    assert coding_levels(np.zeros((2, 0), dtype=np.int64), np.array([0]), 3).shape == (2, 0)


def test_another_numbering_changes_nothing_but_ties() -> None:
    # Edges stand there so many times that no two mergers are equal.
    rng = np.random.default_rng(0)
    upper = np.triu(rng.integers(1, 200, size=(12, 12)) * (rng.random((12, 12)) < 0.4), 1)
    weights, order = upper + upper.T, rng.permutation(12)
    found = []
    for matrix in (weights, weights[np.ix_(order, order)]):
        edges = np.repeat(np.nonzero(matrix), matrix[np.nonzero(matrix)], axis=1)
        found.append(coding_levels(edges, np.array([0, 12]), 4))
    for one, two in zip(*found, strict=True):
        assert {frozenset(order[sorted(each)].tolist()) for each in sets(two)} == set(sets(one))
    assert len(np.unique(found[0][0])) not in (1, 12)
