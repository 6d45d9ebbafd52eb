import math
from collections import Counter
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch

from dense_gin import layers_of
from model_graphs import random_graphs
from relamp.data.batch import Batch, collate
from relamp.method.rgcl import RGCL, probability, rationale_loss, view
from relamp.settings.graphs import Pretraining, RgclOptions
from relamp.train.graphs import GraphTrainer
from seeded import gen
from training import make

DATA = random_graphs(0, count=8)


def test_the_loss_by_loops_and_its_gradient() -> None:
    z = [torch.randn(4, 3, generator=gen(i), dtype=torch.float64).requires_grad_() for i in range(3)]
    terms = []
    for i in range(4):
        s = [math.e ** (torch.cosine_similarity(z[0][i], z[1][j], dim=0) / 0.2) for j in range(4)]
        c = [math.e ** (torch.cosine_similarity(z[0][i], z[2][j], dim=0) / 0.2) for j in range(4)]
        terms.append(-torch.log(s[i] / sum(s) + 0.1 * s[i] / (sum(c) + s[i])))
    expected, got = sum(terms) / 4, rationale_loss(*z, 0.2)
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    for a, b in zip(torch.autograd.grad(got, z), torch.autograd.grad(expected, z), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-11)


def test_probabilities_and_weighed_graphs_by_dense_matrices() -> None:
    method = RGCL(Pretraining(hidden=6, layers=2))
    encoder, head = (part.double().train() for part in method.draw(DATA, gen()))
    batch = collate(DATA, np.arange(8))
    batch = replace(batch, features=batch.inputs(DATA.cardinality).double())
    ones = torch.ones(batch.edge_index.shape[1], dtype=torch.float64)
    matrix = torch.zeros(len(batch.x), len(batch.x), dtype=torch.float64)
    matrix[batch.edge_index[1], batch.edge_index[0]] = 1
    h, estimator = batch.features, head["estimator"]
    for i, (update, norm) in enumerate(zip(estimator.updates, estimator.norms, strict=True)):
        h = update(h + matrix @ h)
        h = (h - h.mean(0)) / (h.var(0, unbiased=False) + norm.eps).sqrt() * norm.weight + norm.bias
        h = h.relu() if i < 2 else h
    nodes, pooled = torch.cat(layers_of(encoder, batch, ones), dim=1), []
    for g in range(8):
        mine = batch.graph == g
        share = torch.softmax(h[mine, 0] / 5, dim=0)
        torch.testing.assert_close(probability(estimator, batch)[mine], share)
        pooled.append(((0.9 + share / share.max() / 10)[:, None] * nodes[mine]).sum(0))
    expected, got = head["projection"](torch.stack(pooled)), method.projected(encoder, head, batch)
    torch.testing.assert_close(got, expected)
    weights = [*encoder.parameters(), *head.parameters()]
    gradients = (torch.autograd.grad(z.square().sum(), weights) for z in (got, expected))
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-7, atol=1e-9)


def test_nodes_stay_by_their_weights_one_after_another() -> None:
    weight = np.array([1.0, 2.0, 5.0])
    complete = torch.tensor([(u, v) for u, v in permutations(range(3), 2)]).T
    batch, drawn, random = (
        Batch(torch.zeros(3, 1), complete, torch.zeros(3).long(), 1),
        Counter(),
        np.random.default_rng(0),
    )
    for _ in range(3000):
        edges = view(batch, weight, 0.5, random).edge_index
        drawn[tuple(sorted(set(edges.flatten().tolist())))] += 1
    # Of 3 nodes 3 - int(1.5) = 2 stay.
    for one, other in ((0, 1), (0, 2), (1, 2)):
        a, b = weight[[one, other]]
        chance = a / 8 * b / (8 - a) + b / 8 * a / (8 - b)
        assert drawn[one, other] / 3000 == pytest.approx(chance, abs=0.03)
    # By the code 1.0 - 0.9 is less than 0.1, so that of 10 nodes none goes, and of 20 one.
    for count, left in ((10, 10), (20, 19)):
        ring = torch.stack([torch.arange(count), (torch.arange(count) + 1) % count])
        each = Batch(torch.zeros(count, 1), ring, torch.zeros(count).long(), 1)
        assert view(each, np.ones(count), 0.9, random).edge_index.shape[1] == left - (left < count)


def test_an_epochs_views_follow_the_probabilities_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Pretraining(hidden=8, layers=2, batch_size=3, rgcl=RgclOptions(kept=0.5))
    trainer, seen = GraphTrainer(DATA, make("graphs", "rgcl", settings), 0), []
    trainer.start_epoch()
    first = trainer.head["estimator"].eval()
    expected = {g: probability(first, trainer.batch(np.array([g]))).double().detach().numpy() for g in range(8)}
    first.train()

    def noted(batch: Batch, weight: np.ndarray, kept: float, random: np.random.Generator) -> Batch:
        seen.append(weight)
        return view(batch, weight, kept, random)

    monkeypatch.setattr("relamp.method.rgcl.view", noted)
    for index in ([6, 1, 2], [0, 3, 5]):
        trainer.step(np.array(index))
        shares = np.concatenate([expected[g] for g in index])
        rest = np.concatenate([expected[g].max() - expected[g] for g in index])
        np.testing.assert_allclose(seen[-2], shares + 0.001, rtol=1e-4)
        np.testing.assert_allclose(seen[-1], rest + 0.001, rtol=1e-3, atol=1e-7)


def test_training_lowers_the_loss() -> None:
    trainer = GraphTrainer(random_graphs(0, count=40, most=12), make("graphs", "rgcl", Pretraining(epochs=20)), 0)
    losses = [row["loss"] for row in trainer.run().history]
    assert losses[-1] < losses[0] - 0.3
