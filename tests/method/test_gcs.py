from dataclasses import replace

import numpy as np
import pytest
import torch

from dense_gin import graphs_of, layers_of, pair_by_pair
from model_graphs import random_graphs
from relamp.data.batch import Batch, collate
from relamp.method.gcs import GCS, kept, within
from relamp.settings.graphs import GcsOptions, Pretraining
from relamp.train.graphs import GraphTrainer
from seeded import gen, randomness
from training import make

DATA = random_graphs(3, count=8)


def test_salient_nodes_and_the_loss_by_dense_matrices() -> None:
    method = GCS(Pretraining(hidden=6, layers=2, gcs=GcsOptions(iterations=2, threshold=0.4)))
    encoder, head = (part.double().train() for part in method.draw(DATA, gen()))
    batch = collate(DATA, np.arange(8))
    batch = replace(batch, features=batch.inputs(DATA.cardinality).double())
    source, target = batch.edge_index

    nodes, edges, key = np.zeros(len(batch.x)), np.zeros(len(source)), None
    for _ in range(2):
        layers = layers_of(encoder, batch, 1 - torch.from_numpy(edges))
        z = head(graphs_of(layers, batch))
        slope = torch.autograd.grad(pair_by_pair(z if key is None else key, z, 0.2), layers[-1])[0]
        key = z.detach() if key is None else key
        worth = slope.mean(1).clamp_min(0) * layers[-1].detach().sum(1)
        for g in range(8):
            mine = batch.graph == g
            worth[mine] = ((worth[mine] - worth[mine].min()) / (worth[mine].max() + 1e-20)).clamp(0, 1)
        nodes = np.maximum(nodes, worth.numpy())
        edges = np.maximum(edges, [(worth[u] + worth[v]).item() / 2 for u, v in zip(source, target, strict=True)])
    found = method.salient(encoder, head, batch)
    assert [part.tolist() for part in found] == [(nodes > 0.4).tolist(), (edges > 0.4).tolist()]
    assert 0 < found[0].sum() < len(nodes)
    assert 0 < found[1].sum() < len(edges)

    random, z = randomness(5).torch, {}
    for name, mask, chance in (("one", found, 0.5), ("two", found, 0.5), ("other", [~part for part in found], 0.1)):
        stays, between = (part | (torch.rand(len(part), generator=random) < chance) for part in mask)
        weight = (between & stays[source] & stays[target]).double()
        z[name] = head(graphs_of(layers_of(encoder, batch, weight, stays.double()), batch))
    clean = head(graphs_of(layers_of(encoder, batch, torch.ones(len(source), dtype=torch.float64)), batch))
    expected = pair_by_pair(z["one"], z["two"], 0.2) - 0.1 * pair_by_pair(clean, z["other"], 0.2)
    got = method.loss(encoder, head, batch, randomness(5)).total
    assert got.item() == pytest.approx(expected.item(), rel=1e-6)
    weights = [*encoder.parameters(), *head.parameters()]
    for a, b in zip(torch.autograd.grad(got, weights), torch.autograd.grad(expected, weights), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)


def test_worth_within_a_graph_and_views_by_hand() -> None:
    batch = Batch(torch.zeros(5, 1), torch.tensor([[0, 1, 1], [1, 0, 2]]), torch.tensor([0, 0, 0, 2, 2]), 3)
    assert within(torch.tensor([1.0, 2.0, 4.0, 0.0, 0.0]), batch).tolist() == [0, 0.25, 0.75, 0, 0]
    # A graph whose worth is below 0 everywhere has nothing to show.
    assert within(torch.tensor([-1.0, -2.0, -4.0, 1.0, 2.0]), batch).tolist() == [0, 0, 0, 0, 0.5]
    nodes, edges = torch.tensor([True, True, False, False, True]), torch.tensor([True, False, True])
    view = kept(batch, nodes, edges, 0.0, gen())
    assert (view.gate.tolist(), view.message_weight.tolist()) == ([1, 1, 0, 0, 1], [1, 0, 0])
    whole = kept(batch, nodes, edges, 1.0, gen())
    assert whole.gate.all()
    assert whole.message_weight.all()


def test_training_lowers_the_loss() -> None:
    data = random_graphs(0, count=60, most=14)
    trainer = GraphTrainer(data, make("graphs", "gcs", Pretraining(epochs=40)), 0)
    losses = [row["loss"] for row in trainer.run().history]
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.1
    assert (trainer.optimiser.lr, trainer.settings.shuffle, trainer.settings.self_loops) == (0.001, "epoch", "none")
