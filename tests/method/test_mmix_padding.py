"""M-Mix on graphs against dense, padded batches, as its public code builds them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from model_graphs import random_graphs
from padded import padded_adjacency, padded_rows
from relamp.data.batch import Batch, collate
from relamp.method.two_branches import TwoBranches
from relamp.model.mvgrl import MVGRLEncoder
from relamp.model.padding import View, rows
from relamp.settings.graphs import MmixOptions, Pretraining
from relamp.train.graphs import GraphTrainer
from seeded import gen, randomness
from training import make as method_of

# The largest graph is not in the batch.
DATA = random_graphs(3, count=14)
GRAPHS = np.flatnonzero(DATA.num_nodes < 6)[:7]
SMALL = {"epochs": 2, "checkpoints": (0, 2), "batch_size": 8, "hidden": 5}
STILL = {"weight_dropout": 0.0}


def make(name: str, **options: object) -> TwoBranches:
    made = method_of("graphs", name, Pretraining(mmix=MmixOptions(**{"training": SMALL, "mix": STILL, **options})))
    assert isinstance(made, TwoBranches)
    return made


def batch_of(method: TwoBranches) -> Batch:
    batch = GraphTrainer(DATA, method, 0).batch(GRAPHS)
    assert (batch.largest, int(batch.graphs.sizes.max())) == (6, 5)
    return replace(batch, features=batch.features.double())


def encoder_of(method: TwoBranches) -> MVGRLEncoder:
    encoder = method.draw(DATA, gen())[0].double()
    with torch.no_grad():
        for layer in (encoder.a, encoder.b):  # padded nodes would be zeros without biases
            layer.linear.bias.uniform_(-1, 1, generator=gen(1))
    return encoder


def g_of(encoder: MVGRLEncoder, z: Tensor) -> Tensor:
    first, act, last = encoder.head
    return F.linear(F.prelu(F.linear(z, first.weight, first.bias), act.weight), last.weight, last.bias)


def dense_views(encoder: MVGRLEncoder, batch: Batch, layer: str, together: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Both branches `[G, N, d]` and the diversity."""
    near, far = (padded_rows(part, batch, batch.largest) for part in batch.features.chunk(2, dim=1))
    adjacency, branch = padded_adjacency(batch, batch.largest), encoder.a
    b = F.prelu(F.linear(far, encoder.b.linear.weight, encoder.b.linear.bias), encoder.b.act.weight)
    if layer == "code":
        z = F.linear(near, branch.linear.weight)
    else:
        z = F.prelu(F.linear(near, branch.linear.weight, branch.linear.bias), branch.act.weight)
    q, k = (F.normalize(F.linear(z, part.weight), dim=-1) for part in (encoder.mixer.query, encoder.mixer.key))
    diversity = (q - k).square().sum(-1).mean() * (1 if together else -1)
    score = torch.where(adjacency > 0, (q @ k.transpose(1, 2)).detach(), -9e15)
    mixed = score.softmax(-1) @ z
    a = g_of(encoder, mixed)
    return (F.prelu(a + branch.linear.bias, branch.act.weight) if layer == "code" else a), b, diversity


def contrast(x: Tensor, y: Tensor, kind: str) -> Tensor:
    x, y, target = F.normalize(x, dim=-1), F.normalize(y, dim=-1), torch.arange(len(x))
    if kind == "across":
        return F.cross_entropy(x @ y.T, target)
    h = torch.cat([x, y])
    logits = (h @ h.T).masked_fill(torch.eye(len(h), dtype=torch.bool), -torch.inf)
    return F.cross_entropy(logits, torch.cat([target + len(x), target]))


def between_graphs(x: Tensor, y: Tensor, kind: str) -> Tensor:
    if kind == "across":
        return contrast(x, y, kind)
    x, y = F.normalize(x, dim=-1), F.normalize(y, dim=-1)
    own = (x @ x.T).masked_fill(torch.eye(len(x), dtype=torch.bool), -torch.inf)
    return F.cross_entropy(torch.cat([x @ y.T, own], dim=1), torch.arange(len(x)))


@pytest.mark.parametrize("layer", ["words", "code"])
@pytest.mark.parametrize("kind", ["all", "across"])
@pytest.mark.parametrize("negatives", ["graph", "batch"])
def test_padding_is_what_dense_padded_batches_give(layer: str, kind: str, negatives: str) -> None:
    mix = {**STILL, "score_gradient": False, "layer": layer}
    method = make("mp-mix", padding="largest", contrast=kind, negatives=negatives, mix=mix)
    batch, encoder = batch_of(method), encoder_of(method)
    loss = method.loss(encoder, None, batch, randomness())
    a, b, diversity = dense_views(encoder, batch, layer, together=False)
    if negatives == "batch":
        node = contrast(a.flatten(0, 1), b.flatten(0, 1), kind)
    else:
        node = torch.stack([contrast(x, y, kind) for x, y in zip(a, b, strict=True)]).mean()
    expected = {"node": node, "diversity": diversity, "graph": between_graphs(a.mean(1), b.mean(1), kind)}
    torch.testing.assert_close(loss.parts, expected, rtol=1e-9, atol=1e-9)
    weights = list(encoder.parameters())
    found, wanted = (torch.autograd.grad(each, weights) for each in (loss.total, sum(expected.values())))
    torch.testing.assert_close(found, wanted, rtol=1e-7, atol=1e-9)
    for pooling in ("mean", "sum"):
        embedded = make("mp-mix", padding="largest", pooling=pooling, mix=mix).embed(encoder.eval(), None, batch, gen())
        torch.testing.assert_close(embedded[""], getattr(a, pooling)(1) + getattr(b, pooling)(1))


def test_mp_mix_code_is_its_code_read_aloud() -> None:
    method = make("mp-mix-code")
    batch, encoder = batch_of(method), encoder_of(method)
    near, far = batch.features.chunk(2, dim=1)
    assert torch.equal(near, far)
    loss = method.loss(encoder, None, batch, randomness())
    a, b, diversity = dense_views(encoder, batch, "code", together=True)
    expected = contrast(a.flatten(0, 1), b.flatten(0, 1), "across") + contrast(a.mean(1), b.mean(1), "across")
    torch.testing.assert_close(loss.total, expected + diversity, rtol=1e-9, atol=1e-9)
    assert loss.parts["diversity"] > 0
    torch.testing.assert_close(method.embed(encoder.eval(), None, batch, gen())[""], a.mean(1) + b.mean(1))


def test_what_the_code_fixes_no_setting_changes_and_the_rest_it_does() -> None:
    other = {"score_gradient": True, "diversity": "apart", "layer": "words", "weight_dropout": 0.3}
    for name in ("mp-mix-code", "mo-mix-code"):
        plain, told = make(name).options, make(name, padding="none", pooling="sum", mix=other).options
        assert told == plain.model_copy(update={"mix": plain.mix.model_copy(update={"weight_dropout": 0.3})})


@pytest.mark.parametrize("name", ["mo-mix", "mvgrl-infonce", "binary-mix", "random-mix"])
def test_padded_nodes_of_other_mixers(name: str) -> None:
    method = make(name, padding="largest")
    batch, encoder = batch_of(method), encoder_of(method)
    near = batch.features.chunk(2, dim=1)[0]
    alone = F.prelu(encoder.a.linear.bias, encoder.a.act.weight)
    if name in ("mo-mix", "random-mix"):
        lacking, z = 6 - batch.graphs.sizes, encoder.a(near)
        alone = torch.stack([(z[batch.graph == g].sum(0) + lacking[g] * alone) / 6 for g in range(batch.num_graphs)])
    found, b = encoder.padded(near, batch, gen())
    torch.testing.assert_close(found.z, g_of(encoder, alone).expand_as(found.z))
    torch.testing.assert_close(b[0], F.prelu(encoder.b.linear.bias, encoder.b.act.weight))
    before, _ = encoder.padded(near, batch, gen(), "encoder")
    torch.testing.assert_close(before.z[0], F.prelu(encoder.a.linear.bias, encoder.a.act.weight))


@pytest.mark.parametrize("name", ["mp-mix", "mvgrl", "mvgrl-infonce"])
def test_graphs_of_one_size_are_not_padded(name: str) -> None:
    same = DATA.take(np.flatnonzero(DATA.num_nodes == 5))
    plain, padded = (GraphTrainer(same, make(name, padding=padding), 0).run() for padding in ("none", "largest"))
    for key, value in plain.embeddings.items():
        torch.testing.assert_close(padded.embeddings[key], value, rtol=1e-4, atol=1e-5)


def test_padded_nodes_count_in_the_share_that_is_drawn() -> None:
    batch = collate(DATA, GRAPHS)
    nodes, filled = torch.arange(len(batch.graph))[:, None].double(), 100 + torch.arange(7.0)[:, None].double()
    drawn = torch.tensor([3, 0, 5, 7])
    a, b, graph, times = rows((View(nodes, filled), View(-nodes, filled[:1])), batch, drawn)
    share = 4 / len(batch.graph)
    listed = [(float(n), int(batch.graph[n]), 1.0) for n in drawn]
    listed += [(100.0 + g, g, (6 - int(size)) * share) for g, size in enumerate(batch.graphs.sizes)]
    listed.sort(key=lambda row: (row[1], row[0] >= 100, drawn.tolist().index(int(row[0])) if row[0] < 100 else 0))
    np.testing.assert_allclose(torch.stack([a[:, 0], graph, times], dim=1), listed)
    assert b[:, 0].tolist() == [-row[0] if row[0] < 100 else 100.0 for row in listed]


def test_each_option_changes_what_it_says() -> None:
    plain = make("mp-mix")
    batch, encoder = batch_of(plain), encoder_of(plain)

    def parts(**options: object) -> dict[str, float]:
        loss = make("mp-mix", **options).loss(encoder, None, batch, randomness())
        return {name: value.item() for name, value in loss.parts.items()}

    def embedded(**options: object) -> Tensor:
        return make("mp-mix", **options).embed(encoder.eval(), None, batch, gen())[""]

    first = parts()
    across = parts(contrast="across")
    assert {name for name in first if across[name] != first[name]} == {"node", "graph"}
    assert torch.equal(embedded(contrast="across"), embedded())
    padded = parts(padding="largest")
    assert all(padded[name] != first[name] for name in first)
    assert not torch.equal(embedded(padding="largest"), embedded())
    for idle in ({"host": "one-layer"}, {"host_layers": 3}):
        assert parts(**idle) == first
