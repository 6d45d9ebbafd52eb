import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from model_graphs import random_graphs
from relamp.data.batch import collate
from relamp.method.infograph import InfoGraph
from relamp.settings.graphs import Pretraining
from relamp.train.graphs import GraphTrainer
from seeded import gen, randomness
from training import make

DATA = random_graphs(0, count=4)
METHOD = InfoGraph(Pretraining(hidden=3, layers=2))


def network(module: torch.nn.Module, h: torch.Tensor) -> torch.Tensor:
    """Three times Linear-ReLU, plus a linear map, from the weights alone."""
    *block, shortcut = [w for w in module.parameters() if w.dim() == 2]
    *biases, last = [w for w in module.parameters() if w.dim() == 1]
    out = h
    for weight, bias in zip(block, biases, strict=True):
        out = (weight @ out + bias).clamp_min(0)
    return out + shortcut @ h + last


def test_each_node_is_told_from_each_graph_by_a_loop_over_pairs() -> None:
    encoder, head = (part.double() for part in METHOD.draw(DATA, gen()))
    with torch.no_grad():
        for weight in head.parameters():
            weight.add_(0.1)
    batch = collate(DATA, np.arange(4))
    batch = replace(batch, features=batch.inputs(DATA.cardinality).double())
    weights = [*encoder.parameters(), *head.parameters()]
    embedded = encoder.train()(batch)
    nodes = [network(head[0], torch.cat([layer[v] for layer in embedded.layers])) for v in range(len(batch.x))]
    graphs = []
    for g in range(4):
        whose = (batch.graph == g).nonzero()[:, 0]
        graphs.append(network(head[1], torch.cat([layer[whose].sum(0) for layer in embedded.layers])))
    own, other = [], []
    for v, node in enumerate(nodes):
        for g, graph in enumerate(graphs):
            score = node @ graph
            if g == batch.graph[v]:
                own.append(math.log(2) - torch.log1p(torch.exp(-score)))
            else:
                other.append(torch.log1p(torch.exp(-score)) + score - math.log(2))
    expected = torch.stack(other).mean() - torch.stack(own).mean()
    got = METHOD.loss(encoder, head, batch, randomness()).total
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    for a, b in zip(torch.autograd.grad(got, weights), torch.autograd.grad(expected, weights), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-11)


def test_training_lowers_the_loss_at_its_own_rate_without_self_loops() -> None:
    data = random_graphs(0, count=21)
    trainer = GraphTrainer(data, make("graphs", "infograph", Pretraining(epochs=20, learning_rate=0.5)), 0)
    assert trainer.optimiser.lr == 0.001
    edges = trainer.batch(np.arange(21)).edge_index
    assert not (edges[0] == edges[1]).any()
    losses = [row["loss"] for row in trainer.run().history]
    assert losses[-1] < losses[0] - 0.1
