import numpy as np
import pytest

from model_graphs import random_graphs
from molecule_graphs import random_molecules
from molecule_trees import random_trees
from relamp.augment.edge_perturbation import free_ends
from relamp.augment.rewired import DIRECTIONS, TYPES, rewired
from relamp.data.batch import collate
from relamp.data.packed import PackedGraphs

DATA = [random_trees(0, 30), random_molecules(0, 30, 9)]


def pairs(edge_index: np.ndarray, graph: np.ndarray) -> list[set[tuple[int, int]]]:
    """Undirected edges by graph."""
    found: list[set[tuple[int, int]]] = [set() for _ in range(graph.max() + 1)]
    for u, v in edge_index.T.tolist():
        assert graph[u] == graph[v]
        found[graph[u]].add((min(u, v), max(u, v)))
    return found


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_so_many_bonds_between_these_atoms_move_and_no_others(data: PackedGraphs, share: float) -> None:
    rng, batch = np.random.default_rng(1), collate(data, np.arange(len(data)))
    graph, edges, kinds = (part.numpy() for part in (batch.graph, batch.edge_index, batch.edge_attr))
    among = rng.random(len(graph)) < 0.8
    before = pairs(edges, graph)
    ours = [{pair for pair in each if among[list(pair)].all()} for each in before]
    count = np.array([int(share * len(each)) for each in ours])
    moved = 0
    for _ in range(5):
        made, attributes = rewired(edges, kinds, graph, among, count, rng)
        assert made.shape[1] == len(attributes) == edges.shape[1]
        assert len(set(map(tuple, made.T.tolist()))) == made.shape[1]
        assert set(map(tuple, made.T.tolist())) == set(map(tuple, made[::-1].T.tolist()))
        assert (attributes[:, 0] < 4).all()
        assert (attributes[:, 1] < 3).all()
        after = pairs(made, graph)
        for one, two, inner, number in zip(before, after, ours, count, strict=True):
            assert one - inner <= two
            assert len(one) == len(two)
            assert len(one - two) <= number
            assert all(among[list(pair)].all() for pair in two - one)
            moved += len(one - two)
        # What stays in front keeps its attributes.
        stay = edges.shape[1] - 2 * count.sum()
        known = {(*edge, *kind) for edge, kind in zip(edges.T.tolist(), kinds.tolist(), strict=True)}
        front = zip(made[:, :stay].T.tolist(), attributes[:stay].tolist(), strict=True)
        assert all((*edge, *kind) in known for edge, kind in front)
    assert (moved > 0) == (share > 0)


def test_new_bonds_have_the_types_and_directions_of_its_code() -> None:
    graph, rng, edges = (
        np.zeros(60, dtype=np.int64),
        np.random.default_rng(0),
        np.stack([np.arange(59), np.arange(1, 60)]),
    )
    both = np.concatenate([edges, edges[::-1]], axis=1)
    none = np.full((both.shape[1], 2), -1)
    drawn = [rewired(both, none, graph, graph == 0, np.array([59]), rng)[1] for _ in range(200)]
    kind, direction = np.concatenate(drawn).T
    assert np.bincount(kind) / len(kind) == pytest.approx(TYPES, abs=0.02)
    for each in (0, 3):
        found = np.bincount(direction[kind == each], minlength=3) / (kind == each).sum()
        assert found == pytest.approx(DIRECTIONS[each], abs=0.01)
    assert not direction[(kind == 1) | (kind == 2)].any()
    assert (DIRECTIONS.sum(1), TYPES.sum()) == (pytest.approx(np.ones(4)), pytest.approx(1))


def test_free_ends_are_no_edges_of_their_own_graph() -> None:
    data, rng = random_graphs(0, 20, most=8), np.random.default_rng(0)
    edges = data.global_edge_index()
    once = edges[:, edges[0] > edges[1]]
    graph = np.repeat(np.arange(20), data.num_nodes)
    taken = pairs(once, graph)
    free = [n * (n - 1) // 2 - len(each) for n, each in zip(data.num_nodes, taken, strict=True)]
    for count in (None, np.full(20, 3)):
        ends = free_ends(once, data.node_offset, count, rng)
        found = pairs(ends, graph)
        wanted = [len(each) for each in taken] if count is None else [3] * 20
        assert [len(each) for each in found] == [min(pair) for pair in zip(wanted, free, strict=True)]
        assert not any(one & two for one, two in zip(found, taken, strict=True))
