import numpy as np
import pytest
import torch

from diffused import dense_operators
from node_graphs import random_nodes
from relamp.graph.diffusion import normalised_adjacency
from relamp.method import mgae as module
from relamp.method.mgae import MGAE, denoised, leading_vectors
from relamp.method.nodes import NodeBatch
from relamp.settings.nodes import NodePretraining
from seeded import gen

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(30, 10))
X = DATA.features().toarray().astype(np.float64)
ADJACENCY = normalised_adjacency(DATA.edge_index, 40)


def test_the_layer_is_what_least_squares_finds_for_much_noise() -> None:
    """The closed form against a regression on noisy features, all copies of which are one sample of the expectation."""
    rng, copies, x = np.random.default_rng(0), 20_000, X[:, :3]
    near = (ADJACENCY @ np.concatenate([x, np.ones((40, 1))], axis=1))[None]
    # A column of features is set to 0 for all nodes, as the expected scatter matrix has it.
    kept = np.concatenate([rng.random((copies, 1, 3)) >= 0.4, np.ones((copies, 1, 1))], axis=2)
    noisy = (near * kept).reshape(-1, 4)
    weights = np.linalg.lstsq(noisy, np.tile(x, (copies, 1)), rcond=None)[0]
    np.testing.assert_allclose(denoised(x, ADJACENCY, 0.4), near[0] @ weights, atol=0.02)


def test_without_noise_a_layer_is_a_regression_on_the_neighbourhoods() -> None:
    near = ADJACENCY @ np.concatenate([X, np.ones((40, 1))], axis=1)
    expected = near @ np.linalg.lstsq(near, X, rcond=None)[0]
    np.testing.assert_allclose(denoised(X, ADJACENCY, 0.0), expected, atol=1e-3)


def test_leading_vectors_are_those_of_the_similarities_in_blocks_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    h = rng.normal(size=(40, 5))
    whole = leading_vectors(h, 4)
    similar = np.abs(h @ h.T)
    values = np.diag(whole.T @ similar @ whole)
    np.testing.assert_allclose(similar @ whole, whole * values, atol=1e-9)
    every = np.abs(np.linalg.eigvalsh(similar))
    np.testing.assert_allclose(np.abs(values), np.sort(every)[::-1][:4])
    assert (whole.max(axis=0) >= -whole.min(axis=0)).all()
    monkeypatch.setattr(module, "MOST_WHOLE", 10)
    monkeypatch.setattr(module, "ENTRIES_AT_ONCE", 300)
    np.testing.assert_allclose(leading_vectors(h, 4), whole, atol=1e-9)


def test_embeddings_are_directions_of_as_many_columns_as_classes() -> None:
    method = MGAE(NodePretraining(mgae={"layers": 2, "noise": 0.2}))
    graph = method.prepare(DATA, CPU)
    s, h = dense_operators(DATA.edge_index, 40, 1)[0], X
    for _ in range(2):
        near = s @ np.concatenate([h, np.ones((40, 1))], axis=1)
        kept = np.array([*[0.8] * h.shape[1], 1.0])
        q = np.outer(kept, kept) * (near.T @ near)
        q[np.diag_indices(len(q))] = kept * np.diag(near.T @ near) + 1e-5 * (np.arange(len(q)) < h.shape[1])
        p = (h.T @ near) * kept
        h = near @ (p @ np.linalg.pinv(q)).T
    expected = leading_vectors(h, 3)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    made = method.embed(*method.draw(DATA, gen()), NodeBatch(graph), gen())["average"]
    assert made.shape == (40, 3)
    np.testing.assert_allclose(made.numpy(), expected, atol=1e-5)
