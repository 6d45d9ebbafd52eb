import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packed_examples import small_nodes
from relamp.data import fingerprint as fingerprint_module
from relamp.data.fingerprint import blocks, wl_hash
from relamp.data.guard import inspect, inspect_nodes, render
from relamp.data.packed import MISSING, PackedGraphs
from relamp.errors import RelampError

Graph = tuple[list[int], dict[tuple[int, int], int]]  # node categories; category of each undirected edge (i <= j)


def pack(graphs: list[Graph], y: np.ndarray | None = None, edge_attr: bool = True, **fields: object) -> PackedGraphs:
    """Pack graphs given as plain lists."""
    num_nodes, num_edges = [len(x) for x, _ in graphs], []
    pairs, kinds = [], []
    for _, edges in graphs:
        both = {pair: kind for (i, j), kind in edges.items() for pair in ((i, j), (j, i))}
        pairs += list(both)
        kinds += list(both.values())
        num_edges.append(len(both))
    defaults = {
        "name": "hand",
        "x": np.array([c for x, _ in graphs for c in x], dtype=np.int64).reshape(-1, 1),
        "cardinality": (9,),
        "edge_index": np.array(pairs, dtype=np.int64).reshape(-1, 2).T,
        "node_offset": np.concatenate([[0], np.cumsum(num_nodes)]).astype(np.int64),
        "edge_offset": np.concatenate([[0], np.cumsum(num_edges)]).astype(np.int64),
        "y": np.zeros(len(graphs), dtype=np.int64) if y is None else y,
        "edge_attr": np.array(kinds, dtype=np.int64).reshape(-1, 1) if edge_attr else None,
    }
    return PackedGraphs(**(defaults | fields))


def path(*categories: int, kind: int = 0) -> Graph:
    return list(categories), {(i, i + 1): kind for i in range(len(categories) - 1)}


def ring(n: int, start: int = 0) -> dict[tuple[int, int], int]:
    return {tuple(sorted((start + i, start + (i + 1) % n))): 0 for i in range(n)}


# A path, its mirror image, a path with a self-loop and an isolated node, a graph without nodes.
HAND = [path(1, 2, 3), path(3, 2, 1), ([1, 1, 1], {(0, 1): 0, (1, 1): 0}), ([], {})]


def test_a_report_by_hand() -> None:
    report = inspect(pack(HAND, y=np.array([0, 1, 1, 1])))
    assert (report["graphs"], report["nodes"], report["edges"], report["self_loops"]) == (4, 9, 5, 1)
    assert report["average_nodes"] == pytest.approx(9 / 4)
    assert report["average_edges"] == pytest.approx(5 / 4)
    assert (report["graphs_without_nodes"], report["graphs_without_edges"], report["isolated_nodes"]) == (1, 1, 1)
    # Degrees 1 2 1, 1 2 1, 1 1 0.
    quantiles = {"q5": pytest.approx(0.4), "q25": 1.0, "q50": 1.0, "q75": 1.0, "q95": 2.0, "q99": 2.0}
    assert report["degree"] == {"min": 0, "mean": pytest.approx(10 / 9), "max": 2, **quantiles}
    assert report["node_categories"] == [{"1": 5, "2": 2, "3": 2}]
    assert report["labels"] == {"classes": {"0": 1, "1": 3}, "majority_accuracy": 0.75}
    conflicts = {"conflicting_groups": 1, "conflicting_graphs": 2}
    assert report["duplicates"] == {"rounds": 5, "groups": 1, "graphs": 2, **conflicts}


def test_tasks_by_hand() -> None:
    y = np.array([[1, MISSING, MISSING], [0, MISSING, 1], [0, MISSING, 0], [MISSING, MISSING, 1]], dtype=np.int8)
    labels = inspect(pack(HAND, y=y))["labels"]["tasks"]
    assert labels == [
        {"positive": 1, "negative": 2, "missing": 1, "majority_accuracy": pytest.approx(2 / 3)},
        {"positive": 0, "negative": 0, "missing": 4, "majority_accuracy": None},
        {"positive": 2, "negative": 1, "missing": 1, "majority_accuracy": pytest.approx(2 / 3)},
    ]


def test_a_missing_label_contradicts_nothing() -> None:
    twins = [path(1, 2), path(2, 1)]
    for labels, conflicts in (([[1], [0]], 1), ([[1], [MISSING]], 0), ([[1, 0], [1, 1]], 1), ([[], []], 0)):
        report = inspect(pack(twins, y=np.array(labels, dtype=np.int8)))["duplicates"]
        assert (report["groups"], report["conflicting_groups"]) == (1, conflicts)


def test_upstream_names_and_warnings_are_shown() -> None:
    info = {"classes": ["no", "yes"], "node_labels": [["-", "C", "N", "O"]], "dropped": [{}, {}], "warnings": ["odd"]}
    report = inspect(pack(HAND, y=np.array([0, 1, 1, 1]), info=info))
    assert report["node_categories"] == [{"C": 5, "N": 2, "O": 2}]
    assert report["labels"]["classes"] == {"no": 1, "yes": 3}
    text = render(report)
    for word in ("4 (2 raw rows dropped)", "no: 1, yes: 3", "75.00%", "odd", "5 (1.25 per graph), 1 self-loops"):
        assert word in text


def test_json_holds_a_report_and_rendering_reads_it_back() -> None:
    many = np.array([[i % 2] * 20 for i in range(4)], dtype=np.int8)
    for y in (np.array([0, 1, 1, 1]), np.arange(4) * 5, many, many[:, :0]):
        report = inspect(pack(HAND, y=y))
        again = json.loads(json.dumps(report, allow_nan=False))
        assert render(again) == render(report)
    assert "and 8 more tasks" in render(inspect(pack(HAND, y=many)))
    assert "tasks           none" in render(inspect(pack(HAND, y=many[:, :0])))
    assert "16 of 0 to 1 graphs" in render(inspect(pack(HAND, y=np.arange(4) * 5)))


def test_no_graphs_at_all() -> None:
    report = inspect(pack([]))
    assert (report["graphs"], report["average_nodes"], report["duplicates"]["groups"]) == (0, 0.0, 0)


@st.composite
def graphs(draw: st.DrawFn, most: int = 7) -> Graph:
    n = draw(st.integers(0, most))
    pairs = [(i, j) for i in range(n) for j in range(i, n)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=10)) if pairs else []
    return draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)), {pair: draw(st.integers(0, 1)) for pair in chosen}


def slow_colours(graph: Graph, rounds: int) -> tuple[object, ...]:
    """Weisfeiler-Leman with nested tuples in place of hashes."""
    categories, edges = graph
    colours: list[object] = list(categories)
    for _ in range(rounds):
        colours = [
            (
                colours[v],
                tuple(
                    sorted((repr(colours[i + j - v]), kind) for (i, j), kind in edges.items() if v in (i, j)),
                ),
            )
            for v in range(len(colours))
        ]
    return tuple(sorted(map(repr, colours)))


@given(st.lists(graphs(most=4), min_size=2, max_size=8), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_the_hash_tells_apart_what_slow_refinement_tells_apart(some: list[Graph], rounds: int) -> None:
    hashes, slow = wl_hash(pack(some), rounds), [slow_colours(graph, rounds) for graph in some]
    for a, b in combinations(range(len(some)), 2):
        assert (hashes[a] == hashes[b]) == (slow[a] == slow[b])


def test_known_pairs() -> None:
    six, two_threes = ([0] * 6, ring(6)), ([0] * 6, {**ring(3), **ring(3, 3)})
    other_bond, other_atom, longer = path(1, 2, 3, kind=1), path(1, 2, 4), path(1, 2, 3, 3)
    hashes = wl_hash(pack([six, two_threes, path(1, 2, 3), other_bond, other_atom, longer, ([], {}), ([0], {})]))
    assert hashes[0] == hashes[1]  # not isomorphic: what Weisfeiler-Leman cannot see
    assert len(set(hashes[1:].tolist())) == 7


def test_rounds_reach_as_far_as_they_say() -> None:
    # Two marks on a ring of twelve, five or six steps apart: a round sees one step further.
    five, six = (([1, *[0] * (gap - 1), 1, *[0] * (11 - gap)], ring(12)) for gap in (5, 6))
    alike = [bool(np.equal(*wl_hash(pack([five, six]), rounds))) for rounds in range(6)]
    assert alike == [True, True, True, False, False, False]


def test_columns_do_not_stand_in_for_each_other() -> None:
    two = pack([([0], {}), ([0], {})], x=np.array([[1, 2], [2, 1]]), cardinality=(9, 9))
    assert len(set(wl_hash(two).tolist())) == 2


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    some = [path(*rng.integers(0, 3, size=rng.integers(0, 5))) for _ in range(30)] + [([0] * 20, ring(20))]
    data = pack(some)
    whole, report = wl_hash(data), inspect(data)
    for size in (1, 7, 50):
        monkeypatch.setattr(fingerprint_module, "BLOCK", size)
        assert len(list(blocks(data))) > 1
        np.testing.assert_array_equal(wl_hash(data), whole)
        assert inspect(data) == report


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cardinality": (3,)}, "node column 0 holds 1 to 3 but has 3 categories"),
        ({"y": np.array([0, 1, -1, 1])}, "graph 2 has the label -1"),
        ({"y": np.array([[0], [1], [2], [1]])}, r"graph 2 has the label \[2\]"),
        ({"edge_index": np.array([[0, 1, 1, 2, 0, 1, 1, 2, 0, 1, 3], [1, 0, 2, 1, 1, 0, 2, 1, 1, 0, 3]])}, "leaves"),
        ({"edge_index": np.array([[0, 1, 0, 1, 0, 1, 1, 2, 0, 1, 1], [1, 0, 1, 0, 1, 0, 2, 1, 1, 0, 1]])}, "twice"),
        ({"edge_index": np.array([[0, 1, 1, 0, 0, 1, 1, 2, 0, 1, 1], [1, 0, 2, 2, 1, 0, 2, 1, 1, 0, 1]])}, "lacks its"),
    ],
)
def test_broken_graphs_are_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(RelampError, match=f"hand: .*{message}.*; pack the data set again"):
        inspect(pack(HAND, **fields))


def test_the_guard_of_nodes_by_hand() -> None:
    data = small_nodes()
    report = inspect_nodes(data)
    assert (report["graphs"], report["nodes"], report["edges"], report["self_loops"]) == (2, 5, 3, 2)
    assert (report["isolated_nodes"], report["unlabelled"]) == (0, 1)
    assert [report["degree"][key] for key in ("min", "max", "mean", "q50")] == [1, 2, 1.2, 1.0]
    assert (report["features_per_node"], report["nodes_without_features"]) == (1.0, 1)
    assert report["labels"] == {"classes": {"0": 2, "1": 1, "2": 1}}
    assert report["split"] == {"train": 1, "valid": 2, "test": 1}
    lone = replace(data, edge_index=data.edge_index[:, :4], y=np.eye(5, 2, dtype=np.int8))
    tasks = inspect_nodes(lone)
    assert (tasks["isolated_nodes"], tasks["unlabelled"], tasks["labels"]) == (2, 0, {"tasks": {"0": 1, "1": 1}})
    json.dumps([report, tasks])
