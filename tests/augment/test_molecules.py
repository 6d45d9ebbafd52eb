from collections import Counter
from itertools import permutations

import numpy as np
import pytest

from molecule_graphs import random_molecules
from relamp.augment.graphs import AUGMENTATIONS
from relamp.augment.molecules import NAMES, Atoms, grown, molecular_view
from relamp.augment.view import Union

DATA = random_molecules(0, count=60, most=14)
SIZES = np.diff(DATA.node_offset)
owner = np.repeat(np.arange(len(DATA)), SIZES)


def union_of(strength: float = 0.2) -> Union:
    shift = np.repeat(DATA.node_offset[:-1], np.diff(DATA.edge_offset))
    return Union.of(DATA.edge_index + shift, DATA.node_offset, strength)


def view_of(name: str, seed: int = 0, graphs: np.ndarray | None = None) -> tuple[Union, Atoms]:
    """A view of all molecules, or of some of them, by one augmentation; the others are as they are."""
    union, choice = union_of(), np.full(len(DATA), NAMES.index("identity"))
    choice[slice(None) if graphs is None else graphs] = NAMES.index(name)
    return union, molecular_view(union, DATA.x.astype(int), DATA.edge_attr.astype(int), choice, rng(seed))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def edges_of(union: Union, view: Atoms, graph: int) -> list[tuple[int, ...]]:
    mine = union.graph[view.edge_index[0]] == graph
    return list(zip(*view.edge_index[:, mine].tolist(), *view.edge_attr[mine].T.tolist(), strict=True))


def original(union: Union, graph: int) -> list[tuple[int, ...]]:
    mine = union.graph[union.edge_index[0]] == graph
    return list(zip(*union.edge_index[:, mine].tolist(), *DATA.edge_attr[mine].T.tolist(), strict=True))


@pytest.mark.parametrize("name", ["node_drop", "subgraph"])
def test_atoms_go_with_their_bonds_and_lone_ones_stay(name: str) -> None:
    union, view = view_of(name)
    left = np.bincount(owner[view.keep], minlength=len(DATA))
    expected = [n - int(n * 0.2) if name == "node_drop" else int(n * 0.8) + 1 for n in SIZES]
    assert left.tolist() == expected
    assert (view.x == DATA.x).all()
    for graph in range(len(DATA)):
        wanted = [edge for edge in original(union, graph) if view.keep[edge[0]] and view.keep[edge[1]]]
        assert edges_of(union, view, graph) == wanted


def test_only_chosen_molecules_change() -> None:
    some = np.arange(0, len(DATA), 2)
    for name in NAMES:
        union, view = view_of(name, graphs=some)
        for graph in range(1, len(DATA), 2):
            assert view.keep[owner == graph].all()
            assert edges_of(union, view, graph) == original(union, graph)
    union, view = view_of("identity")
    assert view.keep.all()
    assert (view.edge_index == union.edge_index).all()


def test_subgraphs_grow_like_a_walk_through_the_frontier() -> None:
    # A path 0-1-2-3 and a lone atom 4, of which int(5 * 0.4) + 1 = 3 atoms stay.
    bonds = {(0, 1), (1, 2), (2, 3)}
    edges = np.array([pair for a, b in sorted(bonds) for pair in ((a, b), (b, a))]).T
    union, found = Union.of(edges, np.array([0, 5]), 0.6), Counter()
    random = rng()
    for _ in range(4000):
        found[tuple(np.flatnonzero(grown(union, random)).tolist())] += 1

    chances: Counter[tuple[int, ...]] = Counter()
    for order in permutations(range(5), 3):
        chance = 1 / 5
        for step in (1, 2):
            inside = order[:step]
            next_to = {b for a, b in [*bonds, *((b, a) for a, b in bonds)] if a in inside and b not in inside}
            choices = next_to or set(range(5)) - set(inside)
            chance *= (order[step] in choices) / len(choices)
        chances[tuple(sorted(order))] += chance
    assert sum(chances.values()) == pytest.approx(1)
    assert {key for key, chance in chances.items() if chance} == set(found)
    for key, chance in chances.items():
        assert found[key] / 4000 == pytest.approx(chance, abs=0.03)


def test_bonds_are_replaced_by_others_of_random_kind() -> None:
    union, view = view_of("edge_perturbation")
    assert view.keep.all()
    for graph in range(len(DATA)):
        before, after = original(union, graph), edges_of(union, view, graph)
        count = int(len(before) * 0.2)
        kept, new = after[: len(before) - count], after[len(before) - count :]
        assert set(kept) <= set(before)
        assert kept == [edge for edge in before if edge in set(kept)]
        assert len(new) == count
        assert len({edge[:2] for edge in after}) == len(after)
        assert all(edge[2] in range(4) and edge[3] in range(3) for edge in new)


def test_all_pairs_that_are_no_bond_are_as_likely() -> None:
    # Of 5 directed bonds one goes; four stay, and of 9 pairs 5 are free, each atom with itself among them.
    edges = np.array([[0, 1, 1, 2, 0], [1, 0, 2, 1, 2]])
    union, found, random = Union.of(edges, np.array([0, 3]), 0.2), Counter(), rng()
    attributes = np.zeros((5, 2), dtype=int)
    for _ in range(3000):
        view = molecular_view(union, np.zeros((3, 2), dtype=int), attributes, np.array([2]), random)
        found[tuple(view.edge_index[:, -1].tolist())] += 1
    # (0, 0), (1, 1), (2, 2) and (2, 0) are always free, each bond where it is the one that went.
    for pair in [(0, 0), (1, 1), (2, 2), (2, 0)]:
        assert found[pair] / 3000 == pytest.approx(1 / 5, abs=0.03)
    for pair in edges.T.tolist():
        assert found[tuple(pair)] / 3000 == pytest.approx(1 / 25, abs=0.02)


def test_masked_atoms_get_the_mean_cut_off() -> None:
    _, view = view_of("attribute_masking")
    for graph in range(len(DATA)):
        before, after = DATA.x[owner == graph].astype(int), view.x[owner == graph]
        token = (before.astype(np.float32).mean(0)).astype(int)
        changed = (before != after).any(1)
        assert (after[changed] == token).all()
        assert changed.sum() <= int(len(before) * 0.2)
    assert (view.x != DATA.x).any()


def test_one_atom_and_no_bonds() -> None:
    union = Union.of(np.zeros((2, 0), dtype=int), np.array([0, 1, 1, 3]), 0.2)
    for number in range(len(NAMES)):
        x, none = np.array([[5, 0], [6, 1], [7, 2]]), np.zeros((0, 2), dtype=int)
        view = molecular_view(union, x, none, np.full(3, number), rng())
        assert (view.keep[0], view.x[0].tolist(), view.edge_index.shape) == (True, [5, 0], (2, 0))


@pytest.mark.parametrize("name", ["node_drop", "subgraph"])
def test_graphcl_on_molecules_keeps_lone_atoms_and_gives_up_views_without_bonds(name: str) -> None:
    strength = {"node_drop": 0.5, "subgraph": 0.2}[name]
    plain, union = union_of(strength), union_of(strength)
    object.__setattr__(union, "reading", "molecules")
    view = AUGMENTATIONS[name](union, rng())
    if name == "node_drop":
        expected = AUGMENTATIONS[name](plain, rng())
        bonds = np.bincount(owner[expected.edge_index[0]], minlength=len(DATA))
        whole = bonds == 0
        assert 0 < whole.sum() < len(DATA)
        assert (view.keep == (expected.keep | whole[owner])).all()
    for graph in range(len(DATA)):
        mine = owner == graph
        edges = union.edge_index[:, owner[union.edge_index[0]] == graph].T.tolist()
        got = view.edge_index[:, owner[view.edge_index[0]] == graph].T.tolist()
        assert got == [edge for edge in edges if view.keep[edge[0]] and view.keep[edge[1]]]
        assert got or (view.keep[mine].all() and not edges)
