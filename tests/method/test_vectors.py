"""node2vec, graph2vec, sub2vec and DeepWalk: what they hand to skip-gram, and what they make of it."""

from typing import Any

import numpy as np
import pytest
import torch

from model_graphs import random_graphs
from node_graphs import random_nodes
from relamp.method import deepwalk, graph2vec, node2vec, sub2vec
from relamp.method.deepwalk import DeepWalk
from relamp.method.graph2vec import Graph2Vec
from relamp.method.node2vec import Node2Vec
from relamp.method.sub2vec import Sub2Vec
from relamp.settings.graphs import Pretraining
from relamp.settings.nodes import NodePretraining
from training import TRAINERS
from unions import complete, labelled, packed, path


class Seen:
    """In place of gensim: it keeps what it is given, and returns vectors that say which row they are."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
        self.given: list[Any] = []
        self.options: dict[str, Any] = {}
        monkeypatch.setattr(module, name, self.words if name == "word_vectors" else self.documents)

    def words(self, sentences: Any, count: int, dimension: int, seed: int, **options: Any) -> np.ndarray:
        self.given, self.options = [row.tolist() for row in sentences()], options
        assert self.given == [row.tolist() for row in sentences()]  # each pass sees the same
        return np.repeat(np.arange(count, dtype=np.float32)[:, None], dimension, axis=1)

    def documents(self, documents: Any, dimension: int, seed: int, order: str, **options: Any) -> np.ndarray:
        return self.words(lambda: documents, len(documents), dimension, seed, order=order, **options)


def embedded(method: Any, data: Any, domain: str = "graphs") -> torch.Tensor:
    (z,) = TRAINERS[domain](data, method, 0).embed().values()
    return z


def test_node2vec_walks_from_each_node_and_takes_means(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen(monkeypatch, node2vec, "word_vectors")
    data = packed([path(2), (0, []), (1, []), complete(3)])
    z = embedded(Node2Vec(Pretraining(node2vec={"walks": 3, "length": 5, "dimension": 2}, batch_size=2)), data)
    # Nodes 0 and 1, none, 2, and 3, 4, 5.
    np.testing.assert_array_equal(z, [[0.5, 0.5], [0, 0], [2, 2], [4, 4]])
    assert sorted(row[0] for row in seen.given) == sorted(3 * list(range(6)))
    assert [row for row in seen.given if row[0] == 0] == 3 * [[0, 1, 0, 1, 0]]
    assert all(len(set(row)) == 1 for row in seen.given if row[0] == 2)
    assert seen.options == {"window": 10, "negative": 5, "epochs": 1}


def test_graph2vec_predicts_the_subtrees_of_all_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen(monkeypatch, graph2vec, "document_vectors")
    data = labelled([([0, 1], [(0, 1)]), ([0], []), ([0, 1], [(0, 1)])], (2,))
    z = embedded(Graph2Vec(Pretraining(graph2vec={"rounds": 1, "dimension": 2})), data)
    first, lone, again = seen.given
    # Each node in round 0 and in round 1; a node alone differs from one with a neighbour in round 1 only.
    assert [len(words) for words in seen.given] == [4, 2, 4]
    assert first == again
    assert len(set(first) & set(lone)) == 1
    assert (seen.options["dm"], seen.options["sample"], seen.options["order"]) == (0, 0, "drawn")
    # 0, 1 and 2, divided by the root of their mean square.
    np.testing.assert_allclose(z[:, 0], np.array([0, 1, 2]) / np.sqrt(5 / 3), rtol=1e-6)


@pytest.mark.parametrize("words", ["nodes", "degrees"])
def test_sub2vec_takes_one_walk_a_graph(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    seen = Seen(monkeypatch, sub2vec, "document_vectors")
    data = packed([complete(3), (0, []), (4, []), path(2)])
    z = embedded(Sub2Vec(Pretraining(sub2vec={"length": 50, "dimension": 2, "words": words})), data)
    np.testing.assert_array_equal(z[:, 0], [0, 0, 2, 3])  # a graph without nodes has 0
    assert [len(row) for row in seen.given] == [50, 0, 50, 50]
    triangle, _, lone, pair = (set(row) for row in seen.given)
    if words == "nodes":
        assert triangle == {0, 1, 2}
        assert len(lone) == 1
        assert pair == {7, 8}
    else:
        # 2 of 3 nodes are in (0.5, 0.75], 1 of 2 in (0.25, 0.5], and none in the first bin.
        assert (triangle, lone, pair) == ({6}, {0}, {5})


def test_deepwalk_stands_beside_the_features(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen(monkeypatch, deepwalk, "word_vectors")
    data = random_nodes(0, sizes=(8,))
    z = embedded(DeepWalk(NodePretraining(deepwalk={"dimension": 2})), data, "nodes")
    x = data.features().toarray()
    sums = x.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(z[:, :-2], x / np.where(sums, sums, 1), rtol=1e-6)
    np.testing.assert_array_equal(z[:, -1], np.arange(8))
    assert len(seen.given) == 80
    assert seen.options == {"window": 5, "hs": 1, "negative": 0, "epochs": 5}
    alone = embedded(DeepWalk(NodePretraining(deepwalk={"dimension": 2, "with_features": False})), data, "nodes")
    assert alone.shape == (8, 2)
    unit = embedded(DeepWalk(NodePretraining(deepwalk={"dimension": 2, "scaling": "length"})), data, "nodes").numpy()
    before = z[:, :-2].numpy()
    lengths = np.linalg.norm(before, axis=1, keepdims=True)
    np.testing.assert_allclose(unit[:, :-2], before / np.where(lengths, lengths, 1), rtol=1e-6)
    np.testing.assert_allclose(unit[:, -2:], [[0, 0], *[[0.5**0.5] * 2] * 7], rtol=1e-6)


def test_a_batch_has_the_vectors_of_its_graphs_in_their_order() -> None:
    pytest.importorskip("gensim", reason="vectors of words need gensim")
    data = random_graphs(0, count=9)
    method = Graph2Vec(Pretraining(graph2vec={"dimension": 4, "epochs": 2}, batch_size=4))
    trainer = TRAINERS["graphs"](data, method, 0)
    assert torch.equal(trainer.embed()[""], trainer.encoder.z)
