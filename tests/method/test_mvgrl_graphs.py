"""MVGRL on graphs against its public code's formulas in plain, dense torch."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from diffused import slow_diffusion
from model_graphs import random_graphs
from padded import padded_adjacency, padded_rows
from relamp.data.batch import Batch
from relamp.method.mvgrl_graphs import GraphMVGRL
from relamp.model.mvgrl_graphs import Head, MVGRLGraphEncoder, graph_operators
from relamp.settings.graphs import MmixOptions, Pretraining
from relamp.train.graphs import GraphTrainer
from seeded import gen, randomness
from training import make as method_of

DATA = random_graphs(3, count=14)
GRAPHS = np.flatnonzero(DATA.num_nodes < 6)[:7]
SMALL = {"epochs": 2, "checkpoints": (0, 2), "batch_size": 8, "hidden": 5, "host_learning_rate": 0.02}


def make(name: str = "mvgrl", **options: object) -> GraphMVGRL:
    made = method_of("graphs", name, Pretraining(mmix=MmixOptions(**{"training": SMALL, **options})))
    assert isinstance(made, GraphMVGRL)
    return made


def encoder_of(method: GraphMVGRL) -> MVGRLGraphEncoder:
    encoder = method.draw(DATA, gen())[0]
    with torch.no_grad():
        for name, part in encoder.named_parameters():
            if name.endswith("bias"):
                part.uniform_(-1, 1, generator=gen(1))
    return encoder


def batch_of(method: GraphMVGRL) -> Batch:
    return GraphTrainer(DATA, method, 0).batch(GRAPHS)


def head(x: Tensor, made: Head) -> Tensor:
    y = x
    for layer, act in zip(made.deep[::2], made.deep[1::2], strict=True):
        y = F.prelu(F.linear(y, layer.weight, layer.bias), act.weight)
    return y + F.linear(x, made.short.weight, made.short.bias)


def dense(encoder: MVGRLGraphEncoder, batch: Batch, kind: str, padded: bool, pooling: str) -> list[tuple[Tensor, ...]]:
    """Nodes `[G, N, d]` and graphs `[G, d]` of each branch."""
    size, made = batch.largest, []
    near = padded_adjacency(batch, size)
    far = torch.zeros_like(near)
    for g, n in enumerate(batch.graphs.sizes.tolist()):
        own = near[g, :n, :n].numpy()
        far[g, :n, :n] = torch.from_numpy(own if kind == "adjacency" else slow_diffusion(own, kind))
    there = torch.arange(size) < batch.graphs.sizes[:, None]
    for branch, operator, inputs in zip(
        (encoder.a, encoder.b), (near.float(), far.float()), batch.features.chunk(2, dim=1), strict=True
    ):
        h, graphs = padded_rows(inputs, batch, size), []
        for number, layer in enumerate(branch.layers):
            h = F.linear(h if number == 0 else operator @ h, layer.linear.weight) + layer.linear.bias
            h = F.prelu(h, layer.act.weight)
            if not padded:
                h = h * there[..., None]
            count = torch.full((len(h), 1), size) if padded else batch.graphs.sizes[:, None]
            graphs.append(h.sum(1) / (count if pooling == "mean" else 1))
        made.append((head(h, encoder.nodes), head(torch.cat(graphs, dim=1), encoder.graphs)))
    return made


def slow_loss(nodes: Tensor, graphs: Tensor, batch: Batch, padded: bool) -> Tensor:
    """Pair by pair: a padded node's score with its own graph is 0 and counts."""
    positive, negative, count = [], [], 0
    for g, n in enumerate(batch.graphs.sizes.tolist()):
        for i in range(batch.largest if padded else n):
            count += 1
            for other in range(len(graphs)):
                score = nodes[g, i] @ graphs[other]
                if other == g:
                    positive.append(math.log(2) - F.softplus(-(score if i < n else 0 * score)))
                else:
                    negative.append(F.softplus(-score) + score - math.log(2))
    return torch.stack(negative).sum() / (count * (len(graphs) - 1)) - torch.stack(positive).sum() / count


@pytest.mark.parametrize("padding", ["none", "largest"])
@pytest.mark.parametrize(
    ("layers", "kind", "pooling"), [(1, "ppr", "sum"), (2, "ppr", "sum"), (3, "heat", "mean"), (2, "adjacency", "sum")]
)
def test_the_loss_and_the_embedding_are_mvgrls(padding: str, layers: int, kind: str, pooling: str) -> None:
    method = make(padding=padding, host_layers=layers, diffusion=kind, pooling=pooling)
    batch, encoder = batch_of(method), encoder_of(method)
    loss = method.loss(encoder, None, batch, randomness())
    (a, h_a), (b, h_b) = dense(encoder, batch, kind, padding == "largest", pooling)
    expected = [slow_loss(a, h_b, batch, padding == "largest"), slow_loss(b, h_a, batch, padding == "largest")]
    torch.testing.assert_close(list(loss.parts.values()), expected, rtol=1e-4, atol=1e-5)
    weights = list(encoder.parameters())
    found, wanted = (torch.autograd.grad(each, weights, retain_graph=True) for each in (loss.total, sum(expected)))
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-4)
    embedded = {"": h_a + h_b, "a": h_a, "b": h_b}
    torch.testing.assert_close(method.embed(encoder, None, batch, gen()), embedded, rtol=1e-4, atol=1e-4)
    other = make(padding=padding, host_layers=layers, diffusion=kind, pooling=pooling, branch="average")
    found = other.embed(encoder, None, batch, gen())[""]
    torch.testing.assert_close(found, (h_a + h_b) / 2, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("padding", ["none", "largest"])
def test_the_one_layer_host_is_embedded_before_its_heads(padding: str) -> None:
    method = make(host="one-layer", padding=padding)
    batch, (encoder, heads) = batch_of(method), method.draw(DATA, gen())
    views, there = [], torch.arange(batch.largest) < batch.graphs.sizes[:, None]
    for layer, inputs in zip((encoder.a, encoder.b), batch.features.chunk(2, dim=1), strict=True):
        torch.nn.init.uniform_(layer.linear.bias, -1, 1, generator=gen(1))
        h = F.linear(padded_rows(inputs, batch, batch.largest), layer.linear.weight, layer.linear.bias)
        views.append(F.prelu(h, layer.act.weight) * (there | (padding == "largest"))[..., None])
    nodes, graphs = (
        lambda x, g=head: F.linear(F.prelu(F.linear(x, g[0].weight, g[0].bias), g[1].weight), g[2].weight, g[2].bias)
        for head in heads
    )
    pooled, padded = [view.sum(1) for view in views], padding == "largest"
    expected = [slow_loss(nodes(views[i]), graphs(pooled[1 - i]), batch, padded) for i in range(2)]
    loss = method.loss(encoder, heads, batch, randomness())
    torch.testing.assert_close(list(loss.parts.values()), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(method.embed(encoder, heads, batch, gen())[""], sum(pooled), rtol=1e-4, atol=1e-5)


def test_edited_graphs_have_their_own_weights() -> None:
    rng = np.random.default_rng(0)
    source, target = DATA.edge_index
    weight = 0.1 + 0.01 * (source + target) + 0.3 * np.repeat(rng.random(len(DATA)), DATA.num_edges)
    weighted = replace(DATA, edge_weight=weight.astype(np.float32))
    batch = GraphTrainer(weighted, make(), 0).batch(GRAPHS)
    n, y = len(batch.x), torch.randn(len(batch.x), 3, generator=gen())
    adjacency = torch.zeros(n, n)
    adjacency[batch.edge_index[1], batch.edge_index[0]] = batch.edge_weight
    looped = adjacency.sign() + torch.eye(n)
    half = looped.sum(1).rsqrt()
    ppr = torch.from_numpy(slow_diffusion((half[:, None] * looped * half).double().numpy())).float()
    near, far = graph_operators(batch, "ppr", 0.2, 5.0)
    torch.testing.assert_close(near(y), adjacency @ y)
    torch.testing.assert_close(far(y), ppr @ y, rtol=1e-4, atol=1e-5)


def test_heads_are_drawn_as_torch_draws_them() -> None:
    made, again = Head(400, 300, gen()), Head(400, 300, gen())
    assert all(torch.equal(x, y) for x, y in zip(made.parameters(), again.parameters(), strict=True))
    for layer, columns in ((made.deep[0], 400), (made.deep[4], 300), (made.short, 400)):
        for part in (layer.weight, layer.bias):
            assert 0.98 * columns**-0.5 < part.abs().max() <= columns**-0.5
        assert layer.weight.std().item() == pytest.approx((3 * columns) ** -0.5, rel=0.02)


def test_the_options_of_the_host() -> None:
    own, one = make(), make(host="one-layer")
    assert (own.settings.learning_rate, one.settings.learning_rate) == (0.02, 3e-4)
    assert GraphMVGRL(Pretraining()).settings.learning_rate == Pretraining().learning_rate
    # Branches are drawn first, so that one layer of MVGRL's encoder starts as M-Mix's.
    first, second = (make(**options).draw(DATA, gen())[0] for options in ({"host_layers": 1}, {"host": "one-layer"}))
    for mine, theirs in ((first.a.layers[0], second.a), (first.b.layers[0], second.b)):
        assert torch.equal(mine.linear.weight, theirs.linear.weight)
    assert len(make(host_layers=8).draw(DATA, gen())[0].a.layers) == 8
    assert first.graphs.deep[0].in_features == 5
    assert make(host_layers=3).draw(DATA, gen())[0].graphs.deep[0].in_features == 15
    assert len(own.draw(DATA, gen())[0].a.layers) == 2


def test_mvgrl_code_is_mvgrl_padded() -> None:
    code, plain, padded = make("mvgrl-code"), make(), make(padding="largest")
    assert code.options == padded.options != plain.options
    batch, encoder = batch_of(plain), encoder_of(plain)
    losses = [method.loss(encoder, None, batch, randomness()).total.item() for method in (code, plain, padded)]
    assert losses[0] == losses[2] != losses[1]
