import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model_graphs import random_graphs
from relamp.data.batch import Batch, collate
from relamp.method.augmented import augmented
from relamp.method.joao import JOAO, VIEWS, on_simplex
from relamp.settings.graphs import JoaoOptions, Pretraining
from relamp.train.graphs import GraphTrainer
from seeded import gen, randomness
from training import make

DATA = random_graphs(0, count=23, most=12)
SMALL = Pretraining(hidden=8, layers=2, batch_size=4, epochs=3, checkpoints=(0, 3), joao=JoaoOptions(penalty=10.0))


def test_the_nearest_probabilities_by_hand() -> None:
    # mu = 0.4 for the first two, below which the third lies: (0.9 - mu) + (0.9 - mu) = 1.
    assert on_simplex(np.array([0.9, 0.9, 0.3])) == pytest.approx([0.5, 0.5, 0])
    # All stay: mu = (0.5 + 0.4 + 0.4 - 1) / 3.
    assert on_simplex(np.array([0.5, 0.4, 0.4])) == pytest.approx([0.4, 0.3, 0.3])
    assert on_simplex(np.array([-3.0, 5.0])) == pytest.approx([0, 1])


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=5))
def test_no_probabilities_are_nearer(values: list[float]) -> None:
    """Against bisection of mu, as the public code does it, to the end."""
    low, high = min(values) - 1, max(values)
    for _ in range(80):
        mu = (low + high) / 2
        low, high = (mu, high) if sum(max(v - mu, 0) for v in values) > 1 else (low, mu)
    assert on_simplex(np.array(values)) == pytest.approx([max(v - mu, 0) for v in values], abs=1e-9)


def one_by_one(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """NT-Xent in one direction, pair by pair, the positive left out below."""
    terms = []
    for i, row in enumerate(a):
        scores = [torch.cosine_similarity(row, other, dim=0) / 0.2 for other in b]
        terms.append(torch.logsumexp(torch.stack(scores[:i] + scores[i + 1 :]), 0) - scores[i])
    return torch.stack(terms).mean()


def double(batch: Batch) -> Batch:
    return replace(batch, features=batch.inputs(DATA.cardinality).double())


@pytest.mark.parametrize("number", [0, 3])
def test_the_loss_is_that_of_a_view_drawn_by_the_probabilities(number: int) -> None:
    method = JOAO(Pretraining(hidden=8, layers=2, directions="one"), heads=5)
    method.number = number
    encoder, head = (part.double().train() for part in method.draw(DATA, gen()))
    head.probability.copy_(torch.tensor([0.1, 0.2, 0.3, 0.0, 0.4], dtype=torch.float64))
    with torch.no_grad():
        # A view may have no node: its embedding is 0, which has no direction.
        for weight in head.parameters():
            weight.add_(0.1)
    batch, random = double(collate(DATA, np.arange(12))), randomness(3)
    got = method.loss(encoder, head, batch, randomness(3)).total
    choice = random.numpy.choice(5, size=12, p=[0.1, 0.2, 0.3, 0.0, 0.4])
    assert 3 not in choice
    view = augmented(batch, VIEWS, encoder, random, choice)
    expected = one_by_one(head[0](encoder(batch).graph), head[number](encoder(view).graph))
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    weights = [*encoder.parameters(), *head[0].parameters()]
    for a, b in zip(torch.autograd.grad(got, weights), torch.autograd.grad(expected, weights), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-11)


def test_each_graph_gets_its_augmentation_by_number() -> None:
    batch = collate(DATA, np.arange(12))
    encoder, _ = JOAO(Pretraining()).draw(DATA, gen())
    for number, options in itertools.product(range(5), [VIEWS, VIEWS.model_copy(update={"reading": "paper"})]):
        view = augmented(batch, options, encoder, randomness(), np.full(12, number))
        same = (len(view.x) == len(batch.x), view.edge_index.shape == batch.edge_index.shape)
        if options.reading == "paper":
            assert same == [(False, False), (True, True), (False, False), (True, True), (True, True)][number]
        assert (view.features is not None) == (number == 3)
        # By the code isolated nodes are gone from what is left as it is, too.
        if options.reading == "code" and number == 4:
            assert len(view.x) == len(batch.edge_index.unique()) < len(batch.x)


def test_probabilities_move_up_the_loss_over_the_first_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = GraphTrainer(DATA, make("graphs", "joao", SMALL), 0)
    seen: list[tuple[list[float], Batch, bool]] = []

    def contrast(self: JOAO, encoder, head, batch, random, probability, number=0):
        seen.append((probability.tolist(), batch, encoder.training))
        return torch.tensor(float(np.argmax(probability)) * batch.num_graphs)

    monkeypatch.setattr(JOAO, "contrast", contrast)
    trainer.mode(training=True)
    trainer.drawn = trainer.samples()
    trainer.head.probability.copy_(torch.tensor([0.1, 0.2, 0.2, 0.2, 0.3]))
    trainer.method.end_epoch(trainer)
    # Of 23 graphs in batches of 4 there are 6 batches; the first 6 // 5 + 1 = 2 of them are seen by each augmentation.
    assert [row[0] for row in seen] == [row for row in np.eye(5).tolist() for _ in range(2)]
    for (_, batch, training), index in zip(seen, [trainer.drawn[:4], trainer.drawn[4:8]] * 5, strict=True):
        assert training
        assert torch.equal(batch.x, trainer.batch(index).x)
    # P + loss - 10 (P - 1 / 5), losses 0, 4, 8, 12, 16, is 1.1, 4.2, 8.2, 12.2, 15.3: the last alone stays above mu.
    assert trainer.head.probability.tolist() == [0, 0, 0, 0, 1]


def test_training_moves_the_probabilities_and_lowers_the_loss() -> None:
    long = Pretraining(epochs=20, hidden=8, joao=JoaoOptions(penalty=1.0))
    trainer = GraphTrainer(DATA, make("graphs", "joao", long), 0)
    losses = [row["loss"] for row in trainer.run().history]
    shares = trainer.head.probability
    assert shares.sum().item() == pytest.approx(1)
    assert 0 <= shares.min() < shares.max() < 1
    assert np.mean(losses[-5:]) < np.mean(losses[:5])


def test_joaov2_draws_the_views_head_once_an_epoch() -> None:
    trainer = GraphTrainer(DATA, make("graphs", "joaov2", SMALL), 0)
    assert (len(trainer.head), trainer.optimiser.lr) == (5, 0.001)
    trainer.head.probability.copy_(torch.tensor([0, 0, 0.5, 0, 0.5]))
    drawn = set()
    for _ in range(30):
        trainer.start_epoch()
        drawn.add(trainer.method.number)
    assert drawn == {2, 4}
