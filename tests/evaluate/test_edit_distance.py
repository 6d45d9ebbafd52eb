from collections import Counter
from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from model_graphs import graph_of, random_graphs, refined
from relamp.data.packed import PackedGraphs
from relamp.data.tu import read_tu
from relamp.errors import RelampError
from relamp.evaluate import edit_distance
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
from relamp.settings.evaluation import EditDistanceProtocol
from unions import packed, path

COIL = Path(__file__).parents[3] / "shared" / "data" / "TUDataset" / "COIL-DEL.zip"


def drawn(seed: int = 0, nodes: int = 5, count: int = 20, **options: object) -> tuple[PackedGraphs, Triplets]:
    data = random_graphs(seed, count=150)
    return data, triplets(data, nodes, count, np.random.default_rng(seed), **options)


@given(st.integers(0, 50), st.integers(1, 8), st.booleans())
def test_first_nodes_are_the_induced_subgraphs(seed: int, nodes: int, pad: bool) -> None:
    data = random_graphs(seed, count=6)
    small = first_nodes(data, nodes, pad=pad)
    for g in range(len(data)):
        expected = graph_of(data, g).subgraph(range(nodes)).copy()
        if pad:
            expected.add_nodes_from((i, {"label": (0,)}) for i in range(len(expected), nodes))
        assert nx.utils.graphs_equal(graph_of(small, g), expected)
    assert (small.y == data.y).all()


def test_self_loops_are_left_out() -> None:
    data = random_graphs(1, count=1)
    loop = replace(data, edge_index=np.array([[0], [0]]), edge_offset=np.array([0, 1]))
    assert first_nodes(loop, 10).edge_index.shape == (2, 0)


@given(st.integers(0, 30), st.sampled_from([(1, 2), (2, 3)]), st.booleans())
def test_so_many_edges_are_substituted_and_nothing_else(seed: int, numbers: tuple[int, int], pad: bool) -> None:
    _, made = drawn(seed, 6, 5, substitutions=numbers, pad=pad)
    for g in range(5):
        anchor, positive, negative = (graph_of(part, g) for part in made)
        for other, number in zip((positive, negative), numbers, strict=True):
            before, after = ({frozenset(edge) for edge in graph.edges} for graph in (anchor, other))
            assert len(before - after) == len(after - before) == number
            assert dict(anchor.nodes(data=True)) == dict(other.nodes(data=True))
            assert not list(nx.selfloop_edges(other))
    for part in made:
        source, target = part.global_edge_index()
        both = set(zip(source.tolist(), target.tolist(), strict=True))
        assert len(both) == len(source)
        assert {(v, u) for u, v in both} == both


def test_every_edge_and_every_free_pair_is_equally_likely() -> None:
    # A path of 4 nodes: 3 edges and 3 free pairs, so each of 9 substitutions has probability 1/9.
    count = 3600
    positive = triplets(packed([path(4)] * count), 4, count, np.random.default_rng(0)).positive
    kinds = [frozenset(map(frozenset, graph_of(positive, g).edges)) for g in range(count)]
    counts = np.array([kinds.count(kind) for kind in set(kinds)])
    assert len(counts) == 9
    assert ((counts - 400) ** 2 / 400).sum() < 27  # chi squared with 8 degrees of freedom: p = 0.0007


def test_graphs_are_drawn_once_each_and_by_the_seed() -> None:
    data, made = drawn(count=30)
    _, again = drawn(count=30)
    for one, two in zip(made, again, strict=True):
        assert (one.edge_index == two.edge_index).all()
        assert (one.x == two.x).all()
    other = triplets(data, 5, 30, np.random.default_rng(1))
    assert other.anchor.edge_index.shape != made.anchor.edge_index.shape or (other.anchor.x != made.anchor.x).any()
    marked = replace(data, y=np.arange(len(data)))
    assert len(set(triplets(marked, 5, 30, np.random.default_rng(0)).anchor.y)) == 30


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
    """Edges by the labels of their two ends."""
    return Counter(tuple(sorted((graph.nodes[u]["label"], graph.nodes[v]["label"]))) for u, v in graph.edges)


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("kernel", ["wl", "hist-kernel"])
def test_kernels_are_the_products_of_their_histograms(
    kernel: str, normalise: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edit_distance, "TRIPLETS_AT_ONCE", 7)
    _, made = drawn()
    found = kernel_similarities(made, kernel, 2, normalise=normalise)
    for g in range(20):
        counts = [
            refined(graph, 2) if kernel == "wl" else histogram(graph) for graph in (graph_of(part, g) for part in made)
        ]
        for other, similarity in zip(counts[1:], found, strict=True):
            product = sum(counts[0][key] * other[key] for key in counts[0])
            norms = [sum(value**2 for value in mine.values()) ** 0.5 for mine in (counts[0], other)]
            # GraKeL's edge histogram counts both directions of an edge.
            scale = 1 / (norms[0] * norms[1]) if normalise else {"wl": 1, "hist-kernel": 4}[kernel]
            assert similarity[g] == pytest.approx(product * scale)


def test_without_labels_the_histogram_cannot_tell_anything() -> None:
    data = random_graphs(0, count=150)
    plain = replace(data, x=np.zeros_like(data.x), cardinality=(1,))
    made = triplets(plain, 5, 20, np.random.default_rng(0))
    scores = edit_scores(*kernel_similarities(made, "hist-kernel"))
    assert (scores["accuracy"], scores["ties"], scores["roc_auc"]) == (0, 1, pytest.approx(0.5))
    assert edit_scores(*kernel_similarities(made, "wl"))["accuracy"] > 0.3


def test_unknown_kernels_are_told() -> None:
    with pytest.raises(RelampError, match="no kernel 'sp'; known: wl, hist-kernel"):
        kernel_similarities(drawn()[1], "sp")


@pytest.mark.skipif(not COIL.is_file(), reason="COIL-DEL is not in the mirror")
def test_on_real_graphs_the_kernel_finds_the_smaller_change_more_often() -> None:
    data = read_tu(COIL, "COIL-DEL", 10**8).take(np.arange(0, 3900, 20))
    made = triplets(data, 15, 60, np.random.default_rng(0))
    assert made.anchor.num_nodes.max() == 15
    scores = edit_scores(*kernel_similarities(made, "wl"))
    assert scores["accuracy"] > 0.6
    assert scores["roc_auc"] > 0.5


def test_a_size_has_its_own_triplets() -> None:
    data = random_graphs(0, count=120)
    both = dict(edits(data, EditDistanceProtocol(nodes=(6, 5), graphs=10), 3))
    alone = dict(edits(data, EditDistanceProtocol(nodes=(5,), graphs=10), 3))
    assert (both[5].negative.edge_index == alone[5].negative.edge_index).all()
    assert np.array_equal(both[5].anchor.y, alone[5].anchor.y)


def test_embeddings_are_compared_by_their_cosine_and_those_of_other_triplets_refused(tmp_path: Path) -> None:
    random_graphs(0, count=120).save(tmp_path / "data.safetensors")
    arrays = {"n~5": np.random.default_rng(0).normal(size=(3, 15, 4)).astype(np.float32)}
    save_file(arrays, tmp_path / "z.safetensors")
    embeddings, protocol = {0: tmp_path / "z.safetensors"}, {"nodes": [5], "graphs": 15}
    run = Run(tmp_path / "data.safetensors", [0], {"method": "mp-mix"}, protocol, embeddings)
    (rows,) = score_edit_distance(run)
    anchor, positive, negative = arrays["n~5"]
    scores = edit_scores(cosine(anchor, positive), cosine(anchor, negative))
    assert rows.set_index("metric")["value"].to_dict() == scores
    with pytest.raises(RelampError, match="holds no embeddings of these triplets"):
        list(score_edit_distance(replace(run, protocol={**protocol, "graphs": 14})))
