from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from scipy.stats import chi2

from model_graphs import graph_of, random_graphs, refined
from own_graphs import with_attributes
from relamp.data.features import node_features
from relamp.data.packed import PackedGraphs
from relamp.data.tu import read_tu
from relamp.errors import RelampError
from relamp.evaluate.edit_distance import (
    Triplets,
    cosine,
    edit_scores,
    edits,
    first_nodes,
    kernel_similarities,
    score_edit_distance,
    triplets,
)
from relamp.evaluate.embeddings import Run
from relamp.method.mmix import MMix
from relamp.settings.evaluation import EditChoice, EditDistanceProtocol
from relamp.settings.graphs import MmixOptions, Pretraining
from unions import cycle, packed, path, undirected

COIL = Path(__file__).parents[3] / "shared" / "data" / "TUDataset" / "COIL-DEL.zip"


WORDS = EditDistanceProtocol(reading="words")
CODE = EditDistanceProtocol()
CHOICES: tuple[EditChoice, ...] = get_args(EditChoice)
# One choice of the code at a time, with none of the others.
ALONE = {choice: EditDistanceProtocol.model_validate({"reading": "words", choice: True}) for choice in CHOICES}


def asked(protocol: EditDistanceProtocol, **options: Any) -> EditDistanceProtocol:
    return protocol.model_copy(update=options)


def drawn(
    seed: int = 0, nodes: int = 5, count: int = 20, protocol: EditDistanceProtocol = WORDS, **options: Any
) -> tuple[PackedGraphs, Triplets]:
    data = random_graphs(seed, count=150)
    return data, triplets(data, nodes, asked(protocol, graphs=count, **options), np.random.default_rng(seed))


def dense(data: PackedGraphs, g: int) -> np.ndarray:
    """The weights of a graph's edges, or ones, as a matrix."""
    here = slice(data.edge_offset[g], data.edge_offset[g + 1])
    made = np.zeros((data.num_nodes[g],) * 2)
    source, target = data.edge_index[:, here]
    made[source, target] = 1 if data.edge_weight is None else data.edge_weight[here]
    assert len(source) == (made != 0).sum()
    return made


def as_the_code_cuts(graph: nx.Graph, nodes: int) -> tuple[np.ndarray, list[int | None]]:
    """The first nodes of a padded, normalised adjacency with self-loops, and which nodes they are (None: padding)."""
    seen: list[int] = []
    for edge in sorted(sorted(edge) for edge in graph.edges if edge[0] != edge[1]):
        seen += [node for node in edge if node not in seen]
    seen += [node for node in graph if node not in seen]
    degree = {node: len(set(graph[node]) - {node}) + 1 for node in graph}
    made = np.zeros((nodes, nodes))
    for i, u in enumerate(seen[:nodes]):
        for j, v in enumerate(seen[:nodes]):
            if u == v or graph.has_edge(u, v):
                made[i, j] = (degree[u] * degree[v]) ** -0.5
    shown: list[int | None] = [*seen[:nodes]]
    return made, shown + [None] * (nodes - len(shown))


@given(st.integers(0, 50), st.integers(1, 8))
def test_the_code_cuts_out_of_a_padded_normalised_adjacency(seed: int, nodes: int) -> None:
    data = with_attributes(random_graphs(seed, count=6))
    small = first_nodes(data, nodes, CODE)
    assert data.attributes is not None
    assert small.attributes is not None
    assert small.degree is not None
    assert (small.num_nodes == nodes).all()
    for g in range(len(data)):
        wanted, shown = as_the_code_cuts(graph_of(data, g), nodes)
        np.testing.assert_allclose(dense(small, g), wanted, rtol=1e-6)
        np.testing.assert_array_equal(dense(small.take(np.array([g])), 0), dense(small, g))
        for place, node in enumerate(shown):
            row, origin = g * nodes + place, None if node is None else int(data.node_offset[g]) + node
            for cut, of in ((small.x, data.x), (small.attributes, data.attributes), (small.degree, data.degrees())):
                np.testing.assert_array_equal(cut[row], 0 * of[0] if origin is None else of[origin])


@given(st.integers(0, 50), st.integers(1, 8), st.booleans())
def test_by_the_words_first_nodes_are_the_induced_subgraphs(seed: int, nodes: int, pad: bool) -> None:
    data = random_graphs(seed, count=6)
    small = first_nodes(data, nodes, ALONE["pad"] if pad else WORDS)
    for g in range(len(data)):
        expected = graph_of(data, g).subgraph(range(nodes)).copy()
        if pad:
            expected.add_nodes_from((i, {"label": (0,)}) for i in range(len(expected), nodes))
        assert nx.utils.graphs_equal(graph_of(small, g), expected)
    assert (small.y == data.y).all()
    assert small.edge_weight is None


def test_each_choice_changes_what_it_says_and_nothing_else() -> None:
    # Edges 0-2 and 1-2, and node 3 alone.
    data = packed([undirected(4, [(0, 2), (1, 2)])])
    plain = dense(first_nodes(data, 5, WORDS), 0)
    moved = plain[np.ix_([0, 2, 1, 3], [0, 2, 1, 3])]
    weight = np.sqrt([2, 2, 3, 1])
    wanted = {
        "first_seen": moved,
        "pad": np.pad(plain, (0, 1)),
        "self_loops": plain + np.eye(4),
        "weights": plain / np.outer(weight, weight),
        "unlabelled": plain,
        "surplus": plain,
    }
    for choice in CHOICES:
        np.testing.assert_allclose(dense(first_nodes(data, 5, ALONE[choice]), 0), wanted[choice], rtol=1e-6)
    assert not any(WORDS.does(choice) for choice in CHOICES)
    assert all(CODE.does(choice) for choice in CHOICES)


@pytest.mark.parametrize("protocol", [WORDS, *ALONE.values()])
def test_self_loops_of_the_data_count_for_nothing(protocol: EditDistanceProtocol) -> None:
    data = random_graphs(1, count=1)
    again = np.repeat(np.arange(data.num_nodes[0]), 2).reshape(-1, 2).T[:, ::2]
    loops = replace(
        data,
        edge_index=np.concatenate([again, data.edge_index], axis=1),
        edge_offset=data.edge_offset + np.array([0, again.shape[1]]),
    )
    np.testing.assert_array_equal(dense(first_nodes(loops, 5, protocol), 0), dense(first_nodes(data, 5, protocol), 0))


@given(st.integers(0, 30), st.sampled_from([(1, 2), (2, 3)]), st.sampled_from([CODE, WORDS, *ALONE.values()]))
def test_so_many_edges_are_substituted_and_nothing_else(
    seed: int, numbers: tuple[int, int], protocol: EditDistanceProtocol
) -> None:
    _, made = drawn(seed, 6, 5, protocol, substitutions=numbers)
    for g in range(5):
        anchor, positive, negative = (dense(part, g) for part in made)
        for other, number in zip((positive, negative), numbers, strict=True):
            assert (other == other.T).all()
            gone, new = (np.argwhere(np.triu(change)) for change in ((anchor != 0) & (other == 0), other > anchor))
            assert len(gone) == len(new) == number
            assert (anchor[tuple(new.T)] == 0).all()
            assert (other[tuple(new.T)] == 1).all()
            assert (new[:, 0] != new[:, 1]).all()
            both = (anchor != 0) & (other != 0)
            assert (anchor[both] == other[both]).all()
    for part in made:
        for kept in ("x", "degree", "node_offset", "y"):
            np.testing.assert_array_equal(getattr(part, kept), getattr(made.anchor, kept))


@pytest.mark.parametrize(
    ("protocol", "edges", "pairs"),
    # A path of 4 nodes has 3 edges and 3 free pairs; with 4 self-loops and a padding node 7 edges and 7 free pairs.
    [(WORDS, 3, 3), (CODE, 7, 7)],
)
def test_every_edge_and_every_free_pair_is_equally_likely(
    protocol: EditDistanceProtocol, edges: int, pairs: int
) -> None:
    count, kinds = 400 * edges * pairs, edges * pairs
    chosen = asked(protocol, graphs=count)
    positive = triplets(packed([path(4)] * count), 5, chosen, np.random.default_rng(0)).positive
    found = Counter(dense(positive, g).tobytes() for g in range(count))
    assert len(found) == kinds
    statistic = sum((number - 400) ** 2 / 400 for number in found.values())
    assert statistic < chi2.ppf(0.999, kinds - 1)


def test_graphs_are_drawn_once_each_and_by_the_seed() -> None:
    data, made = drawn(count=30)
    _, again = drawn(count=30)
    for one, two in zip(made, again, strict=True):
        assert (one.edge_index == two.edge_index).all()
        assert (one.x == two.x).all()
    marked, chosen = replace(data, y=np.arange(len(data))), asked(WORDS, graphs=30)
    same, other = (triplets(marked, 5, chosen, np.random.default_rng(seed)).anchor.y for seed in (0, 1))
    assert len(set(same)) == 30
    assert set(same) != set(other)


def test_too_few_graphs_are_told() -> None:
    with pytest.raises(
        RelampError, match=r"random: of 4 first nodes, \d+ graphs have 2 edges and 2 free pairs, but 150"
    ):
        drawn(nodes=4, count=150)


def test_cosine_by_hand() -> None:
    a, b = [[1, 0], [1, 1], [0, 0], [2, 2]], [[0, 3], [1, 0], [1, 1], [5, 5]]
    np.testing.assert_allclose(cosine(a, b), [0, 2**-0.5, 0, 1])


def test_scores_by_hand() -> None:
    # Two of four are told apart, one is a tie. Of 16 pairs, positives are above in 12 and level in 1.
    near, far = np.array([0.9, 0.8, 0.3, 0.5]), np.array([0.1, 0.2, 0.6, 0.5])
    wins = sum((p > n) + (p == n) / 2 for p in near for n in far)
    assert wins == 12.5
    assert edit_scores(near, far) == {"accuracy": 0.5, "ties": 0.25, "roc_auc": pytest.approx(12.5 / 16)}


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_exchanging_positives_and_negatives_mirrors_the_scores(pairs: list[tuple[int, int]]) -> None:
    near, far = np.array(pairs, dtype=float).T
    one, two = edit_scores(near, far), edit_scores(far, near)
    assert one["accuracy"] + two["accuracy"] + one["ties"] == pytest.approx(1)
    assert one["roc_auc"] + two["roc_auc"] == pytest.approx(1)


def histogram(graph: nx.Graph) -> Counter[tuple]:
    """Edges by the labels of their two ends, both directions, a self-loop once."""
    counts: Counter[tuple] = Counter()
    for u, v in graph.edges:
        counts[tuple(sorted((graph.nodes[u]["label"], graph.nodes[v]["label"])))] += 1 if u == v else 2
    return counts


def as_the_code_refines(graph: nx.Graph, iterations: int, nodes: int) -> Counter[str]:
    """Subtree counts of a graph without labels, of n (n - 1) / 2 nodes: neighbours count twice, a self-loop once."""
    graph = nx.Graph(graph)
    graph.add_nodes_from(range(len(graph), nodes * (nodes - 1) // 2))
    colour, counts = dict.fromkeys(graph, "."), Counter({"0:.": len(graph)})
    for step in range(1, iterations + 1):
        heard = {u: [v for v in graph[u] for _ in range(1 if u == v else 2)] for u in graph}
        colour = {u: f"{colour[u]}({','.join(sorted(colour[v] for v in heard[u]))})" for u in graph}
        counts.update(f"{step}:{text}" for text in colour.values())
    return counts


def product(a: Counter[Any], b: Counter[Any]) -> int:
    return sum(a[key] * b[key] for key in a)


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("kernel", ["wl", "hist-kernel"])
@pytest.mark.parametrize("protocol", [CODE, WORDS])
def test_kernels_are_the_products_of_their_histograms(
    protocol: EditDistanceProtocol, kernel: str, normalise: bool
) -> None:
    _, made = drawn(nodes=5, protocol=protocol)
    found = kernel_similarities(made, kernel, asked(protocol, wl_iterations=2, normalise=normalise), 5)
    for g in range(20):
        graphs = [graph_of(part, g) for part in made]
        if protocol is CODE:
            for graph in graphs:
                nx.set_node_attributes(graph, (0,), "label")
        if kernel == "hist-kernel":
            counts = [histogram(graph) for graph in graphs]
        elif protocol is CODE:
            counts = [as_the_code_refines(graph, 2, 5) for graph in graphs]
        else:
            counts = [refined(graph, 2) for graph in graphs]
        for other, similarity in zip(counts[1:], found, strict=True):
            norm = (product(counts[0], counts[0]) * product(other, other)) ** 0.5 if normalise else 1
            assert similarity[g] == pytest.approx(product(counts[0], other) / norm)


def test_the_choices_of_kernels_change_what_they_say() -> None:
    _, made = drawn()
    values = {name: kernel_similarities(made, "wl", chosen, 5) for name, chosen in {"": WORDS, **ALONE}.items()}
    unlabelled = Triplets(*(replace(part, x=np.zeros_like(part.x)) for part in made))
    np.testing.assert_array_equal(values["unlabelled"], kernel_similarities(unlabelled, "wl", WORDS, 5))
    for choice in ("first_seen", "pad", "self_loops", "weights"):
        np.testing.assert_array_equal(values[choice], values[""])
    # Of 10 nodes 5 are surplus: they agree in each of 6 rounds with each other and with nodes as they are.
    assert (np.array(values["surplus"]) >= np.array(values[""]) + 6 * 25).all()


def test_without_labels_the_histogram_tells_self_loops_alone() -> None:
    data = random_graphs(0, count=150)
    plain = replace(data, x=np.zeros_like(data.x), cardinality=(1,))
    made = triplets(plain, 5, asked(WORDS, graphs=20), np.random.default_rng(0))
    scores = edit_scores(*kernel_similarities(made, "hist-kernel", WORDS, 5))
    assert (scores["accuracy"], scores["ties"], scores["roc_auc"]) == (0, 1, pytest.approx(0.5))
    assert edit_scores(*kernel_similarities(made, "wl", WORDS, 5))["accuracy"] > 0.3


def test_the_code_s_histogram_is_right_where_the_positive_alone_lost_a_self_loop() -> None:
    # p (1 - p)^2 but for drawing without replacement: a ring of 12 nodes has as many edges as self-loops.
    count, expected = 4000, 12 / 24 * (12 / 24 * 11 / 23)
    made = triplets(packed([cycle(12)] * count), 12, asked(CODE, graphs=count), np.random.default_rng(0))
    near, far = kernel_similarities(made, "hist-kernel", CODE, 12)
    scores = edit_scores(near, far)
    assert scores["accuracy"] == pytest.approx(expected, abs=4 * (expected * (1 - expected) / count) ** 0.5)
    # 36 entries of the anchor, 37 of a graph that lost a self-loop and won an edge: plain values.
    assert set(near) == {36 * 36, 36 * 37}
    assert set(far) == {36 * 36, 36 * 37, 36 * 38}


def test_unknown_kernels_are_told() -> None:
    with pytest.raises(RelampError, match="no kernel 'sp'; known: wl, hist-kernel"):
        kernel_similarities(drawn()[1], "sp", WORDS, 5)


@pytest.mark.skipif(not COIL.is_file(), reason="COIL-DEL is not in the mirror")
@pytest.mark.parametrize(
    ("nodes", "accuracy", "area"), [(50, 0.934, 0.525), (20, 0.826, 0.564), (15, 0.791, 0.594), (10, 0.751, 0.626)]
)
def test_on_coil_del_the_code_s_kernels_are_those_that_the_paper_prints(
    nodes: int, accuracy: float, area: float
) -> None:
    data, chosen = read_tu(COIL, "COIL-DEL", 10**8), asked(CODE, graphs=500, nodes=(nodes,))
    ((_, made),) = edits(data, chosen, 0)
    wl, histogram = (edit_scores(*kernel_similarities(made, name, chosen, nodes)) for name in ("wl", "hist-kernel"))
    assert wl["accuracy"] == pytest.approx(accuracy, abs=0.06)
    assert wl["roc_auc"] == pytest.approx(area, abs=0.03)
    assert 0.1 < histogram["accuracy"] < 0.2


@pytest.mark.parametrize("protocol", [CODE, WORDS])
def test_a_size_has_its_own_triplets(protocol: EditDistanceProtocol) -> None:
    data = random_graphs(0, count=120)
    both = dict(edits(data, asked(protocol, nodes=(6, 5), graphs=10), 3))
    alone = dict(edits(data, asked(protocol, nodes=(5,), graphs=10), 3))
    assert (both[5].negative.edge_index == alone[5].negative.edge_index).all()
    assert np.array_equal(both[5].anchor.y, alone[5].anchor.y)


@pytest.mark.parametrize("diffusion", ["ppr", "adjacency"])
def test_weights_and_degrees_of_the_whole_graphs_reach_the_encoder(diffusion: str) -> None:
    options = MmixOptions(features="labels-and-degrees", max_degree=5, diffusion=diffusion)
    made = drawn(3, 6, 4, CODE)[1]
    method = MMix(Pretraining(mmix=options), "none")
    shown = node_features(made.anchor, *method.shown).toarray()
    for part in made:
        inputs, columns = method.prepare(part, torch.device("cpu")), shown.shape[1]
        for g in range(4):
            here = slice(part.node_offset[g], part.node_offset[g + 1])
            weights = dense(part, g)
            signs = np.sign(weights) + np.eye(len(weights))
            scaled = signs / np.sqrt(np.outer(signs.sum(1), signs.sum(1)))
            far = 0.2 * np.linalg.inv(np.eye(len(weights)) - 0.8 * scaled) if diffusion == "ppr" else weights
            np.testing.assert_allclose(inputs[here, :columns], weights @ shown[here], atol=1e-5)
            np.testing.assert_allclose(inputs[here, columns:], far @ shown[here], atol=1e-5)


def test_embeddings_are_compared_by_their_cosine_and_those_of_other_triplets_refused(tmp_path: Path) -> None:
    random_graphs(0, count=120).save(tmp_path / "data.safetensors")
    arrays = {"n~5": np.random.default_rng(0).normal(size=(3, 15, 4)).astype(np.float32)}
    save_file(arrays, tmp_path / "z.safetensors")
    embeddings, protocol = {0: tmp_path / "z.safetensors"}, {"reading": "words", "nodes": [5], "graphs": 15}
    run = Run(tmp_path / "data.safetensors", [0], {"method": "mp-mix"}, protocol, embeddings)
    (rows,) = score_edit_distance(run)
    anchor, positive, negative = arrays["n~5"]
    scores = edit_scores(cosine(anchor, positive), cosine(anchor, negative))
    assert rows.set_index("metric")["value"].to_dict() == scores
    with pytest.raises(RelampError, match="holds no embeddings of these triplets"):
        list(score_edit_distance(replace(run, protocol={**protocol, "graphs": 14})))
