from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from model_graphs import random_graphs
from relamp.data.batch import Batch, collate, one_hot
from relamp.model.supervised_graphs import GraphClassifier
from relamp.settings.supervised import GraphModel
from seeded import gen

DATA = random_graphs(3, count=6)


def batch_of(index: list[int]) -> Batch:
    batch = collate(DATA, np.array(index))
    return replace(batch, features=one_hot(batch.x, (4,)).double() + 0.1)


def made(kind: GraphModel, mean: bool = False) -> GraphClassifier:
    model = GraphClassifier(kind, 4, 3, 5, 2, dropout=0.0, mean=mean, generator=gen(), random=gen(1)).double()
    if model.eps is not None:
        model.eps.data = torch.tensor([0.3, -0.2], dtype=torch.float64)
    return model


def slowly(kind: GraphModel, model: GraphClassifier, batch: Batch, mean: bool) -> Tensor:
    """Node by node and graph by graph."""
    n, h = len(batch.x), batch.features
    assert h is not None
    heard = [[int(u) for u, v in batch.edge_index.T if v == node] for node in range(n)]
    layers = [h]
    for layer, (update, norm) in enumerate(zip(model.updates, model.norms, strict=True)):
        rows = []
        for node in range(n):
            both = torch.stack([h[node], *(h[u] for u in heard[node])])
            rows.append(
                {
                    "gin-0": lambda both: both.sum(0),
                    "gin-eps": lambda both: both.sum(0) + model.eps[layer] * both[0],  # noqa: B023 # type: ignore[index]
                    "gcn": lambda both: both.mean(0),
                    "graphsage": lambda both: both.amax(0),
                }[kind](both)
            )
        z = update(torch.stack(rows))
        z = (z - z.mean(0)) / (z.var(0, unbiased=False) + norm.eps).sqrt() * norm.weight + norm.bias
        layers.append(h := F.relu(z))
    logits = []
    for graph in range(batch.num_graphs):
        nodes = batch.graph == graph
        pooled = [part[nodes].mean(0) if mean else part[nodes].sum(0) for part in layers]
        logits.append(torch.stack([head(part) for head, part in zip(model.heads, pooled, strict=True)]).sum(0))
    return torch.stack(logits)


@pytest.mark.parametrize("kind", get_args(GraphModel))
@pytest.mark.parametrize("mean", [False, True])
def test_logits_and_gradients_are_those_of_a_loop_over_nodes(kind: GraphModel, mean: bool) -> None:
    model, batch = made(kind, mean), batch_of([4, 0, 2, 5])
    mine, other = model(batch), slowly(kind, model, batch, mean)
    torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-9)
    pull = torch.randn(mine.shape, generator=gen(2), dtype=torch.float64)
    grads = [torch.autograd.grad((out * pull).sum(), list(model.parameters())) for out in (mine, other)]
    torch.testing.assert_close(grads[0], grads[1], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("kind", get_args(GraphModel))
def test_graphs_without_edges_and_of_one_node_are_classified(kind: GraphModel) -> None:
    whole = batch_of([0, 1, 2])
    alone = replace(whole, edge_index=torch.zeros((2, 0), dtype=torch.int64))
    assert torch.isfinite(made(kind)(alone)).all()
    one = replace(alone, x=alone.x[:1], features=torch.ones(1, 4).double(), graph=torch.tensor([0]), num_graphs=1)
    assert made(kind).eval()(one).shape == (1, 3)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        made(kind)(one)


def test_dropout_hides_logits_of_a_layer_in_training_alone() -> None:
    model = made("gin-0")
    model.dropout = 0.5
    drawn = model.dropped(torch.ones(2000))
    assert set(drawn.tolist()) == {0.0, 2.0}
    assert 0.9 < drawn.mean() < 1.1
    assert model.eval().dropped(torch.ones(3)).tolist() == [1, 1, 1]
