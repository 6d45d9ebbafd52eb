import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch_geometric.nn import GINConv, global_add_pool

from model_graphs import random_graphs
from relamp.data.batch import Batch, collate, one_hot, with_self_loops
from relamp.model.gin import GIN, mlp
from seeded import gen


@pytest.fixture
def gin() -> GIN:
    return GIN((4, 3), 8, 3, gen())


def test_equals_torch_geometric(gin: GIN) -> None:
    batch = collate(random_graphs(0, cardinality=(4, 3)), np.arange(5))
    actual = gin.train()(batch)
    h, layers = one_hot(batch.x, (4, 3)), []
    for update, norm in zip(gin.updates, gin.norms, strict=True):
        conv = GINConv(copy.deepcopy(update))  # it draws its weights anew, so they are put back
        conv.nn.load_state_dict(update.state_dict())
        h = norm(F.relu(conv(h, batch.edge_index)))
        layers.append(h)
    expected = torch.cat([global_add_pool(layer, batch.graph) for layer in layers], dim=1)
    torch.testing.assert_close(actual.graph, expected)
    torch.testing.assert_close(actual.node("concat"), torch.cat(layers, dim=1))
    torch.testing.assert_close(actual.node("last"), layers[-1])


def test_one_layer_by_hand() -> None:
    gin = GIN((2,), 2, 1, gen()).eval()
    with torch.no_grad():
        for i in (0, 2):
            gin.updates[0][i].weight.copy_(torch.eye(2))
    # Path 0 - 1 - 2 with labels 0, 1, 0: every node adds itself and its neighbours.
    batch = Batch(
        x=torch.tensor([[0], [1], [0]]),
        edge_index=torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]]),
        graph=torch.tensor([0, 0, 0]),
        num_graphs=1,
    )
    shrink = 1 / np.sqrt(1 + 1e-5)  # untouched running statistics: mean 0, variance 1
    expected = torch.tensor([[1.0, 1.0], [2.0, 1.0], [1.0, 1.0]]) * shrink
    torch.testing.assert_close(gin(batch).layers[0], expected.float())
    torch.testing.assert_close(gin(batch).graph, expected.sum(0, keepdim=True).float())


def test_a_graph_without_nodes_is_embedded_as_zero(gin: GIN) -> None:
    batch = Batch(torch.zeros(2, 2, dtype=torch.long), torch.zeros(2, 0, dtype=torch.long), torch.tensor([0, 2]), 3)
    graph = gin.eval()(batch).graph
    assert graph.shape == (3, 24)
    assert torch.count_nonzero(graph[1]) == 0


def test_initial_weights_are_xavier_uniform() -> None:
    layers = mlp([50, 40, 30], gen(5))[::2]
    for layer, (fan_in, fan_out) in zip(layers, [(50, 40), (40, 30)], strict=True):
        bound = np.sqrt(6 / (fan_in + fan_out))
        assert layer.weight.abs().max() <= bound
        assert layer.weight.std().item() == pytest.approx(bound / np.sqrt(3), rel=0.05)
        assert torch.count_nonzero(layer.bias) == 0


def test_masked_nodes_get_noise_and_others_stay(gin: GIN) -> None:
    batch = collate(random_graphs(1, count=200, cardinality=(4, 3)), np.arange(200))
    hidden = torch.arange(len(batch.x)) % 2 == 0
    features = gin.mask_nodes(batch, hidden, gen()).features
    assert torch.equal(features[~hidden], one_hot(batch.x, (4, 3))[~hidden])
    assert features[hidden].mean().item() == pytest.approx(0.5, abs=0.05)
    assert features[hidden].std().item() == pytest.approx(0.5, abs=0.05)


def test_self_loops() -> None:
    batch = collate(random_graphs(2), np.arange(5))
    n = len(batch.x)
    added = with_self_loops(batch, but_last=False).edge_index[:, batch.edge_index.shape[1] :]
    assert added.tolist() == [list(range(n))] * 2
    added = with_self_loops(batch, but_last=True).edge_index[:, batch.edge_index.shape[1] :]
    last = [(batch.graph == g).nonzero().max().item() for g in range(5)]
    assert added[0].tolist() == [v for v in range(n) if v not in last]


@pytest.mark.parametrize("search", [True, False])
@pytest.mark.parametrize("kind", ["random", "cycles", "no edges", "one way"])
def test_alike_nodes_get_the_rows_and_gradients_of_each(gin: GIN, kind: str, search: bool) -> None:
    batch = collate(random_graphs(0, count=8, cardinality=(4, 3)), np.arange(8))
    if kind == "cycles":
        after = torch.arange(len(batch.x)).roll(1)
        both = torch.stack([torch.cat([after, after.argsort()]), torch.cat([after.argsort(), after])])
        batch = replace(batch, x=batch.x * 0, edge_index=both)
    elif kind != "random":
        batch = replace(batch, edge_index=batch.edge_index[:, : 0 if kind == "no edges" else 7])
    batch = replace(batch, features=one_hot(batch.x, (4, 3)).double(), search=search)
    plain = copy.deepcopy(gin.double().train())
    found = gin(batch)
    if kind == "cycles" and search:
        assert [len(rows) for rows in found.rows] == [1, 1, 1]
    h, layers = batch.features, []
    for update, norm in zip(plain.updates, plain.norms, strict=True):
        total = h.index_add(0, batch.edge_index[1], h[batch.edge_index[0]])
        h = norm(F.relu(update(total)))
        layers.append(h)
    pooled = [h.new_zeros(8, 8).index_add(0, batch.graph, h) for h in layers]
    some = torch.tensor([5, 0, 3])
    torch.testing.assert_close(found.graph, torch.cat(pooled, dim=1), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(found.node("concat", some), torch.cat(layers, dim=1)[some], rtol=1e-9, atol=1e-9)
    got = found.graph.sin().sum() + found.node("concat", some).cos().sum()
    wanted = torch.cat(pooled, dim=1).sin().sum() + torch.cat(layers, dim=1)[some].cos().sum()
    got.backward()
    wanted.backward()
    for a, b in zip(gin.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-8, atol=1e-8)
    for a, b in zip(gin.buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_first_weights_are_xaviers_or_pytorchs() -> None:
    def linears(initialisation: str) -> list[nn.Linear]:
        made = mlp([300, 900, 200], gen(), initialisation)
        return [layer for layer in made if isinstance(layer, nn.Linear)]

    for layer in linears("xavier"):
        assert not layer.bias.any()
        check_uniform(layer.weight, (6 / (layer.in_features + layer.out_features)) ** 0.5)
    for layer in linears("pytorch"):
        fresh = nn.Linear(layer.in_features, layer.out_features)
        for drawn, usual in ((layer.weight, fresh.weight), (layer.bias, fresh.bias)):
            for weight in (drawn, usual):
                check_uniform(weight, layer.in_features**-0.5)
    torch.manual_seed(1)
    one = linears("pytorch")
    torch.manual_seed(2)
    assert all(torch.equal(a.weight, b.weight) for a, b in zip(one, linears("pytorch"), strict=True))


def check_uniform(weight: torch.Tensor, bound: float) -> None:
    """Of a few hundred uniform values or more, the largest is near the bound and the spread near its 1 / sqrt(3)."""
    assert 0.97 * bound < weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.1)
    assert weight.mean().abs() < 0.15 * bound
