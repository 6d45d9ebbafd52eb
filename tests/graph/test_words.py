"""Random walks, rooted subtrees and vectors of words, of which further methods and kernels are made."""

import subprocess
import sys
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from model_graphs import graph_of, random_graphs, refined
from relamp.errors import RelampError
from relamp.graph import word_vectors as module
from relamp.graph.subtrees import subtrees
from relamp.graph.walks import Walks
from relamp.graph.word_vectors import document_vectors, word_vectors


def test_walks_go_along_edges_and_each_neighbour_is_as_likely() -> None:
    edges = np.array([[0, 0, 0, 1, 2, 3, 4, 4], [1, 2, 3, 0, 0, 0, 4, 4]])  # a star, a node with a loop alone, and none
    walks = Walks(edges, 6).draw(np.repeat(np.arange(6), 3000), 4, np.random.default_rng(0))
    assert walks.shape == (18_000, 4)
    joined = set(zip(*edges.tolist(), strict=True)) - {(4, 4)}
    assert all(step in joined for step in {(a, b) for row in walks.tolist() if row[0] < 4 for a, b in pairwise(row)})
    assert (walks[12_000:15_000] == 4).all()
    assert (walks[15_000:] == 5).all()
    counts = Counter(walks[:3000, 1].tolist())
    assert counts.keys() == {1, 2, 3}
    assert all(abs(count - 1000) < 120 for count in counts.values())  # some 4.6 standard deviations


@pytest.mark.parametrize("seed", range(3))
def test_subtrees_are_those_of_the_slow_ones(seed: int) -> None:
    data = random_graphs(seed, count=6, cardinality=(2, 2))
    found = subtrees(data, 2)
    mine = [Counter(found[a:b].ravel().tolist()) for a, b in zip(data.node_offset, data.node_offset[1:], strict=False)]
    theirs = [refined(graph_of(data, g), 2) for g in range(len(data))]
    for one in range(len(data)):
        for two in range(len(data)):
            products = [sum(a[one][k] * a[two][k] for k in a[one]) for a in (mine, theirs)]
            assert products[0] == products[1]
    assert len(np.unique(found)) == found.max() + 1
    assert len(np.intersect1d(found[:, 0], found[:, 1])) == 0


def test_words_that_occur_together_are_alike_and_the_others_are_zero() -> None:
    pytest.importorskip("gensim", reason="vectors of words need gensim")
    rng = np.random.default_rng(0)
    sentences = [rng.permutation(np.arange(4) + 4 * (number % 2)) for number in range(400)]
    z = word_vectors(lambda: sentences, 9, 8, 1, window=4, negative=5, epochs=40, alpha=0.1, sample=0)
    assert z.shape == (9, 8)
    assert not z[8].any()
    unit = z[:8] / np.linalg.norm(z[:8], axis=1, keepdims=True)
    cosine = unit @ unit.T
    assert cosine[:4, :4].mean() > cosine[:4, 4:].mean() + 0.3
    documents = document_vectors(
        [*sentences[:20], np.zeros(0, dtype=np.int64)], 8, 1, dm=0, epochs=200, alpha=0.1, sample=0
    )
    assert documents.shape == (21, 8)
    unit = documents[:20] / np.linalg.norm(documents[:20], axis=1, keepdims=True)
    cosine = unit @ unit.T
    assert cosine[::2, ::2].mean() > cosine[::2, 1::2].mean() + 0.5


def test_where_a_document_stands_is_not_told_in_a_drawn_order() -> None:
    pytest.importorskip("gensim", reason="vectors of words need gensim")
    # No two documents share a word, so that nothing but their places can be told of them.
    rng = np.random.default_rng(0)
    documents = [rng.integers(0, 10, 500) + 10 * number for number in range(200)]
    told = {}
    for order in ("drawn", "file"):
        z = document_vectors(documents, 32, 1, order, dm=1, window=2, epochs=5)
        told[order] = abs(np.corrcoef(np.linalg.norm(z, axis=1), np.arange(200))[0, 1])
    assert told["file"] > 0.8
    assert told["drawn"] < 0.3


def test_no_hash_of_python_decides_vectors() -> None:
    pytest.importorskip("gensim", reason="vectors of words need gensim")
    program = (
        "import numpy as np; from relamp.graph.word_vectors import *; "
        "s = [np.arange(9) % k for k in (3, 4, 5)]; "
        "print(word_vectors(lambda: s, 5, 4, 1, hs=1, negative=0).tobytes().hex(), "
        "document_vectors(s, 4, 1, dm=1).tobytes().hex())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_without_gensim_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(module, "import_module", missing)
    with pytest.raises(RelampError, match=r"gensim is missing .*pip install 'relamp\[rivals\]'"):
        word_vectors(lambda: [], 1, 1, 0)


@pytest.mark.parametrize("sentences", [[], [np.zeros(3, dtype=np.int64)], [np.zeros(0, dtype=np.int64)] * 2])
def test_a_single_word_has_nothing_to_be_told_apart_from(sentences: list[np.ndarray]) -> None:
    assert not word_vectors(lambda: sentences, 2, 4, 0, hs=1, negative=0).any()
    assert document_vectors(sentences, 4, 0, dm=0, hs=1, negative=0).tolist() == [[0] * 4] * len(sentences)
