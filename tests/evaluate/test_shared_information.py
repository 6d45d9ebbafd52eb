"""The InfoNCE bound against sums by hand, and its critic against automatic differentiation."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from relamp.errors import RelampError
from relamp.evaluate.shared_information import Critic, info_nce_bound, retrieval, shared_information


def test_a_bound_by_hand() -> None:
    scores = np.log(np.array([[3.0, 1.0], [2.0, 2.0]]))
    rows, columns = (np.log(3 / 4) + np.log(1 / 2)) / 2, (np.log(3 / 5) + np.log(2 / 3)) / 2
    assert info_nce_bound(scores) == pytest.approx(np.log(2) + (rows + columns) / 2)
    # Of the rows the first has its own pair first, the second shares that place; both columns have theirs first.
    assert retrieval(scores) == pytest.approx((0.75 + 1) / 2)


@given(st.integers(0, 10_000), st.integers(1, 9), st.floats(0, 1e3))
def test_the_bound_is_at_most_log_n_and_retrieval_a_share(seed: int, n: int, size: float) -> None:
    scores = size * np.random.default_rng(seed).normal(size=(n, n))
    assert info_nce_bound(scores) <= np.log(n) + 1e-12
    assert 0 <= retrieval(scores) <= 1


def test_pairs_that_are_found_come_near_log_n() -> None:
    assert info_nce_bound(100 * np.eye(7)) == pytest.approx(np.log(7))
    assert info_nce_bound(np.zeros((7, 7))) == pytest.approx(0)
    assert (retrieval(np.eye(7)), retrieval(np.zeros((7, 7)))) == (1, pytest.approx(1 / 7))


def test_gradients_are_those_of_automatic_differentiation(rng: np.random.Generator) -> None:
    one, other = rng.normal(size=(6, 4)), rng.normal(size=(6, 3))
    one[2] = 0.0  # without a direction
    critic = Critic.drawn((4, 3), 5, rng)
    weights = [torch.tensor(w, requires_grad=True) for w in critic.weights]
    x, y = (torch.tensor(z) @ w.T for z, w in zip((one, other), weights, strict=False))
    scores = weights[2].exp() * (F.normalize(x) @ F.normalize(y).T)
    own = torch.arange(6)
    loss = (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2
    loss.backward()
    np.testing.assert_allclose(critic.scores(one, other), scores.detach().numpy())
    assert np.log(6) - info_nce_bound(critic.scores(one, other)) == pytest.approx(loss.item())
    for mine, theirs in zip(critic.gradient(one, other), weights, strict=True):
        np.testing.assert_allclose(mine, theirs.grad.numpy(), atol=1e-12)


def test_training_is_adam_and_goes_back_to_the_best(rng: np.random.Generator) -> None:
    one, other, seen = rng.normal(size=(8, 4)), rng.normal(size=(8, 4)), rng.normal(size=(2, 5, 4))
    critic = Critic.drawn((4, 4), 3, rng)
    start = [w.copy() for w in critic.weights]
    weights = [torch.tensor(w, requires_grad=True) for w in start]
    adam = torch.optim.Adam(weights, lr=3e-3)
    bounds, states = [], []
    for step in range(13):
        now = Critic(*(w.detach().numpy().copy() for w in weights[:2]))
        now.weights[2] = weights[2].detach().numpy().copy()
        if step % 3 == 0:
            bounds.append(info_nce_bound(now.scores(*seen)))
            states.append(now.weights)
        for w, g in zip(weights, now.gradient(one, other), strict=True):
            w.grad = torch.tensor(g)
        adam.step()
    critic.train((one, other), tuple(seen), 12, every=3)
    for mine, theirs in zip(critic.weights, states[int(np.argmax(bounds))], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-9)


def test_embeddings_of_one_source_share_more_than_those_of_two(rng: np.random.Generator) -> None:
    source = rng.normal(size=(120, 5))
    one, other = (source @ rng.normal(size=(5, 8)) + 0.01 * rng.normal(size=(120, 8)) for _ in range(2))
    near = shared_information(one, other, np.random.default_rng(0), 1000)
    far = shared_information(one, rng.normal(size=(120, 8)), np.random.default_rng(0), 1000)
    assert (near.candidates, far.candidates) == (60, 60)
    assert far.bound < 0.3 < 2.5 < near.bound <= np.log(60)
    assert near.retrieval > 0.6 > 0.2 > far.retrieval
    assert shared_information(one, other, np.random.default_rng(0), 1000) == near
    assert shared_information(one, other, np.random.default_rng(0), 20).candidates == 20


def test_few_graphs_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(RelampError, match="7 graphs, but a critic takes 8; leave"):
        shared_information(np.eye(7), np.eye(7), rng, 10)
