import copy
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from model_graphs import random_graphs
from relamp.data.batch import Batch, collate
from relamp.data.features import all_features, num_all_columns
from relamp.method.graphs import GraphMethod
from relamp.model.gin import GIN
from relamp.settings.graphs import EncoderVariant, Pretraining
from relamp.train.graphs import GraphTrainer
from seeded import gen

WIDTH, LAYERS = 6, 3


def batch_of(kind: str) -> Batch:
    batch = collate(random_graphs(0, count=8, cardinality=(4,)), np.arange(8))
    n = len(batch.x)
    if kind == "no edges":
        batch = replace(batch, edge_index=batch.edge_index[:, :0])
    features = torch.ones(n, 1) if kind == "ones" else torch.randn(n, 5, generator=gen(3))
    weight = torch.rand(batch.edge_index.shape[1], generator=gen(4)).double() if kind == "weighed" else None
    return replace(batch, features=features.double(), message_weight=weight, search=weight is None)


def slow(gin: GIN, batch: Batch) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """By a dense matrix, torch's own batch normalisation, and masks drawn in the order of the layers."""
    variant, training, random = gin.variant, gin.training, gen(9)
    matrix = torch.zeros(len(batch.x), len(batch.x)).double()
    ones = torch.ones(batch.edge_index.shape[1]).double()
    weight = ones if batch.message_weight is None else batch.message_weight
    matrix = matrix.index_put((batch.edge_index[1], batch.edge_index[0]), weight, accumulate=True)
    h, found = batch.features, []
    for i, (update, norm) in enumerate(zip(gin.updates, gin.norms, strict=True)):
        h = update(h + matrix @ h)
        h = F.relu(h) if variant.norm == "after" else h
        h = F.batch_norm(h, norm.running_mean, norm.running_var, norm.weight, norm.bias, training, norm.momentum)
        h = F.relu(h) if variant.norm == "before" and i < LAYERS - 1 else h
        if variant.dropout and training:
            kept = torch.rand(h.shape, generator=random, dtype=h.dtype) >= variant.dropout
            h = torch.where(kept, h / (1 - variant.dropout), torch.zeros_like(h))
        found.append(h)
    shown = torch.cat(found, dim=1) if variant.readout == "layers" else found[-1]
    return torch.stack([shown[batch.graph == g].sum(0) for g in range(batch.num_graphs)]), found


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", ["random", "ones", "no edges", "weighed"])
@pytest.mark.parametrize(
    "variant",
    [
        EncoderVariant(norm=norm, readout=readout, dropout=dropout)
        for norm, readout, dropout in product(("after", "before"), ("layers", "last"), (0.0, 0.5))
    ],
    ids=lambda variant: f"{variant.norm}-{variant.readout}-{variant.dropout}",
)
def test_a_variant_equals_a_slow_one_with_gradients_and_statistics(variant, kind, training) -> None:
    batch = batch_of(kind)
    columns = batch.features.shape[1]
    gin = GIN((), WIDTH, LAYERS, gen(), columns, variant=variant).double().train(training)
    for norm in gin.norms:  # a scale and a shift that are told apart from none
        torch.nn.init.uniform_(norm.weight, 0.5, 2, generator=gen(5))
        torch.nn.init.uniform_(norm.bias, -1, 1, generator=gen(6))
    plain = copy.deepcopy(gin)
    gin.dropout.random = gen(9)
    found = gin(batch)
    graph, layers = slow(plain, batch)
    assert found.graph.shape == (8, gin.dim)
    torch.testing.assert_close(found.graph, graph, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(found.node("last"), layers[-1], rtol=1e-9, atol=1e-9)
    (found.graph.sin().sum() + found.node("concat").cos().sum()).backward()
    (graph.sin().sum() + torch.cat(layers, dim=1).cos().sum()).backward()
    for a, b in zip(gin.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-7, atol=1e-7)
    for one, other in zip(gin.norms, plain.norms, strict=True):
        torch.testing.assert_close(one.running_mean, other.running_mean, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(one.running_var, other.running_var, rtol=1e-9, atol=1e-9)


def test_without_a_variant_an_encoder_is_what_it_was() -> None:
    same = EncoderVariant()
    assert (same.norm, same.dropout, same.readout, same.inputs, same.head) == ("after", 0, "layers", "features", None)
    state = GIN((4,), WIDTH, LAYERS, gen(), variant=EncoderVariant(norm="before", dropout=0.5)).state_dict()
    for name, weight in GIN((4,), WIDTH, LAYERS, gen()).state_dict().items():
        assert torch.equal(weight, state[name])


def test_dropout_without_a_training_is_refused() -> None:
    gin = GIN((), WIDTH, LAYERS, gen(), 5, variant=EncoderVariant(dropout=0.5)).double()
    with pytest.raises(ValueError, match="has none"):
        gin.train()(batch_of("random"))
    gin.eval()(batch_of("random"))


def test_inputs_and_head_of_a_method() -> None:
    data = random_graphs(0, count=6, cardinality=(4,))
    settings = Pretraining(hidden=WIDTH, layers=2, epochs=0, checkpoints=())
    ones = GraphTrainer(data, GraphMethod(settings, encoder={"inputs": "ones", "head": 5}), 0)
    batch = ones.batch(np.arange(6))
    assert torch.equal(batch.features, torch.ones(len(batch.x), 1))
    assert [layer.out_features for layer in ones.head[::2]] == [5, 5]
    assert ones.head[0].in_features == 2 * WIDTH
    every = GraphTrainer(data, GraphMethod(settings, encoder={"inputs": "all"}), 0)
    features = every.batch(np.arange(6)).features.numpy()
    degree = data.degrees()
    # 4 labels; degrees 0 ... 100 and more; the degree.
    assert features.shape[1] == every.encoder.updates[0][0].in_features == 4 + 101 + 1
    assert np.array_equal(features[:, :4].argmax(1), data.x[:, 0])
    assert np.array_equal(features[:, 4:105].argmax(1), degree)
    assert np.array_equal(features[:, 105], degree)
    assert np.array_equal(features.sum(1), 2 + degree)


@pytest.mark.parametrize("apart", [True, False])
def test_attributes_stand_once_among_all_features(apart: bool) -> None:
    data = random_graphs(0, count=6, cardinality=(4,))
    attributes = np.random.default_rng(0).normal(size=(len(data.x), 2)).astype(np.float32)
    data = replace(data, attributes=attributes, attributes_apart=apart)
    features = all_features(data, 100).toarray()
    assert features.shape[1] == num_all_columns(data, 100) == 4 + 101 + 1 + 2
    assert sum(np.array_equal(column, attributes[:, 1]) for column in features.T) == 1
