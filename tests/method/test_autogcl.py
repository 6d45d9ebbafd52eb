from dataclasses import replace

import numpy as np
import pytest
import torch

from dense_gin import graphs_of, layers_of, pair_by_pair
from model_graphs import random_graphs
from relamp.data.batch import Batch, collate
from relamp.method.autogcl import AutoGCL, gate, gated
from relamp.settings.graphs import Pretraining
from relamp.train.graphs import GraphTrainer
from seeded import gen, randomness
from training import make

DATA = random_graphs(0, count=8)


def test_the_loss_of_each_pair_by_dense_matrices() -> None:
    method = AutoGCL(Pretraining(hidden=6, layers=2, temperature=0.5))
    encoder, head = (part.double().train() for part in method.draw(DATA, gen()))
    batch = collate(DATA, np.arange(8))
    batch = replace(batch, features=batch.inputs(DATA.cardinality).double())
    source, target = batch.edge_index
    ones = torch.ones(len(source), dtype=torch.float64)
    weights, pairs = [*encoder.parameters(), *head.parameters()], set()
    for seed in range(12):
        random = randomness(seed)
        views, opened = [(ones, None)], []
        for generator in head["generators"]:
            logits = layers_of(generator, batch, ones)[-1]
            noise = torch.rand(logits.shape, generator=random.torch, dtype=torch.float64)
            soft = torch.softmax(logits - torch.log(-torch.log(noise)), dim=1)[:, 0]
            hard = (soft > 0.5).double()
            opened.append(hard + soft - soft.detach())
            views.append((hard[source] * hard[target], opened[-1]))
        pair = random.numpy.integers(3, size=2).tolist()
        z = [head["projection"](graphs_of(layers_of(encoder, batch, *views[which]), batch)) for which in pair]
        expected = pair_by_pair(*z, 0.5) + 1 - (opened[0] - opened[1]).square().mean()
        got = method.loss(encoder, head, batch, randomness(seed)).total
        assert got.item() == pytest.approx(expected.item(), rel=1e-6)
        both = (torch.autograd.grad(loss, weights, allow_unused=True) for loss in (got, expected))
        for a, b in zip(*both, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)
        pairs.add(tuple(pair))
    assert {(0, 0), (1, 2), (0, 1)} & pairs
    assert len(pairs) > 4


def test_gates_by_hand() -> None:
    logits = torch.tensor([[50.0, 0.0], [0.0, 50.0], [0.3, 0.0]]).repeat(4000, 1).requires_grad_()
    opened = gate(logits, gen())
    assert set(opened.tolist()) == {0, 1}
    by_kind = opened.detach().view(-1, 3).mean(0)
    assert by_kind[:2].tolist() == [1, 0]
    assert by_kind[2].item() == pytest.approx(torch.tensor(0.3).sigmoid().item(), abs=0.03)
    (slope,) = torch.autograd.grad(opened.sum(), logits)
    assert (slope[2::3, 0] > 0).all()
    batch = Batch(torch.zeros(3, 1), torch.tensor([[0, 1, 1], [1, 0, 2]]), torch.zeros(3).long(), 1)
    view = gated(batch, torch.tensor([1.0, 1.0, 0.0]))
    assert (view.gate.tolist(), view.message_weight.tolist()) == ([1, 1, 0], [1, 1, 0])


def test_training_lowers_the_loss_at_its_own_settings() -> None:
    data = random_graphs(0, count=40, most=12)
    trainer = GraphTrainer(data, make("graphs", "autogcl", Pretraining(epochs=60, temperature=0.1)), 0)
    losses = [row["loss"] for row in trainer.run().history]
    assert np.mean(losses[-20:]) < np.mean(losses[:20]) - 0.1
    assert (trainer.optimiser.lr, trainer.settings.temperature, trainer.settings.shuffle) == (0.001, 0.5, "epoch")
