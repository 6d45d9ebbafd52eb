from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from dense_gin import graphs_of, layers_of, pair_by_pair
from model_graphs import random_graphs
from relamp.data.batch import Batch, collate
from relamp.method.adgcl import drawn, mean_taken
from relamp.settings.graphs import AdgclOptions, Pretraining
from relamp.train.graphs import GraphTrainer
from seeded import gen
from training import make

DATA = random_graphs(0, count=8)
SETTINGS = Pretraining(hidden=6, layers=2, epochs=3, checkpoints=(0, 3), adgcl=AdgclOptions(regularisation=2.0))


def doubled(data: Any = DATA, settings: Pretraining = SETTINGS) -> tuple[GraphTrainer, Batch]:
    trainer = GraphTrainer(data, make("graphs", "ad-gcl", settings), 0)
    for module in (trainer.encoder, trainer.head, trainer.parts):
        module.double()
    for optimiser in (trainer.optimiser, *trainer.optimisers.values()):
        optimiser.mean, optimiser.square = ([m.double() for m in part] for part in (optimiser.mean, optimiser.square))
        optimiser.steps = [step.double() for step in optimiser.steps]
    batch = trainer.batch(np.arange(len(data)))
    batch = replace(batch, features=batch.inputs(data.cardinality).double())
    trainer.batch = lambda index: batch  # type: ignore[method-assign]
    return trainer, batch


def contrast(encoder: Any, head: Any, batch: Batch, weight: Tensor) -> Tensor:
    ones = torch.ones(batch.edge_index.shape[1], dtype=torch.float64)
    one, two = (head(graphs_of(layers_of(encoder, batch, each), batch)) for each in (ones, weight))
    return pair_by_pair(one, two, 0.2)


def weights_of(learner: Any, batch: Batch, random: torch.Generator) -> Tensor:
    """Edge by edge, with the noise of the paper."""
    one = torch.ones(batch.edge_index.shape[1], dtype=torch.float64)
    h = layers_of(learner.encoder, batch, one)[-1]
    noise = 1e-4 + (1 - 2e-4) * torch.rand(batch.edge_index.shape[1], generator=random, dtype=torch.float64)
    return torch.stack(
        [
            torch.sigmoid(learner.score(torch.cat([h[u], h[v]]))[0] + torch.log(e) - torch.log(1 - e))
            for u, v, e in zip(*batch.edge_index, noise, strict=True)
        ]
    )


def close(got: Any, expected: Any) -> None:
    for one, two in zip(got, expected, strict=True):
        torch.testing.assert_close(one.grad, two, rtol=1e-7, atol=1e-10)


def test_both_steps_of_a_batch_by_loops() -> None:
    trainer, batch = doubled()
    encoder, head, learner = (deepcopy(each) for each in (trainer.encoder, trainer.head, trainer.parts["learner"]))
    random = torch.Generator()
    random.set_state(trainer.random.torch.get_state())
    got = trainer.step(np.arange(8)).total

    encoder.eval(), head.eval(), learner.train()
    weight = weights_of(learner, batch, random)
    means = []
    for g in range(8):
        of_graph = batch.graph[batch.edge_index[0]] == g
        if of_graph.any():
            means.append((1 - weight[of_graph]).mean())
    assert 0 < len(means) < 8
    climbed = contrast(encoder, head, batch, weight) - 2 * torch.stack(means).mean()
    parameters = list(learner.parameters())
    close(trainer.parts["learner"].parameters(), torch.autograd.grad(-climbed, parameters))

    # The learner as it is after its step, and fresh noise.
    learner = deepcopy(trainer.parts["learner"]).eval()
    encoder.train(), head.train()
    expected = contrast(encoder, head, batch, weights_of(learner, batch, random).detach())
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    weights = [*encoder.parameters(), *head.parameters()]
    close([*trainer.encoder.parameters(), *trainer.head.parameters()], torch.autograd.grad(expected, weights))


def test_weights_and_what_is_taken_by_hand() -> None:
    logits = torch.tensor([0.0, 60.0, -60.0])
    weight = drawn(logits, gen())
    e = 1e-4 + (1 - 2e-4) * torch.rand(3, generator=gen())
    torch.testing.assert_close(weight, torch.stack([e[0], torch.tensor(1.0), torch.tensor(0.0)]))
    batch = Batch(torch.zeros(4, 1), torch.tensor([[0, 1, 2], [1, 0, 2]]), torch.tensor([0, 0, 1, 2]), 3)
    # (0.5 + 0.7) / 2 and 1 of the two graphs that have edges.
    assert mean_taken(torch.tensor([0.5, 0.3, 0.0]), batch).item() == pytest.approx(0.8)
    none = replace(batch, edge_index=torch.zeros(2, 0, dtype=torch.int64))
    assert mean_taken(torch.zeros(0), none).item() == 0


def test_a_dear_learner_keeps_the_edges_and_a_cheap_one_does_not() -> None:
    kept = []
    for price in (0.0, 50.0):
        options = {"epochs": 60, "checkpoints": (0,), "adgcl": AdgclOptions(regularisation=price)}
        trainer = GraphTrainer(DATA, make("graphs", "ad-gcl", SETTINGS.model_copy(update=options)), 0)
        losses = [row["loss"] for row in trainer.run().history]
        assert price == 0 or losses[-1] < losses[0]
        with torch.no_grad():
            kept.append(trainer.parts["learner"].eval()(collate(DATA, np.arange(8))).sigmoid().mean().item())
    assert kept[0] < kept[1] > 0.7


def test_the_settings_of_its_code() -> None:
    trainer = GraphTrainer(DATA, make("graphs", "ad-gcl", Pretraining(self_loops="all", learning_rate=0.5)), 0)
    assert (trainer.optimiser.lr, trainer.optimisers["learner"].lr) == (0.001, 0.001)
    assert (trainer.settings.batch_size, trainer.settings.shuffle) == (32, "epoch")
    own, other = (each.updates[0][0].weight for each in (trainer.encoder, trainer.parts["learner"].encoder))
    assert not torch.equal(own, other)
