from copy import deepcopy
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from model_graphs import random_graphs
from relamp.data.batch import Batch, collate
from relamp.loss.nt_xent import contrast, nt_xent
from relamp.method.lamp import Lamp, sample_nodes
from relamp.method.prune import prune, weight_matrices
from relamp.model.gin import GIN, mlp
from relamp.settings.graphs import LampOptions, Pretraining
from seeded import gen, randomness


def started(encoder: GIN, strategy: str = "magnitude", **options: object) -> Lamp:
    """LAMP in its first epoch, with gamma 0.4, alpha 1 and temperature 0.3 if nothing else is said."""
    method = Lamp(Pretraining(temperature=0.3, lamp=LampOptions(**{"gamma": 0.4, **options})), strategy)
    method.start_epoch(SimpleNamespace(encoder=encoder))
    return method


@pytest.fixture
def batch() -> Batch:
    return collate(random_graphs(0, count=6), np.arange(6))


@pytest.fixture
def encoder() -> GIN:
    return GIN((4,), 8, 2, gen())


def sparse_copy(encoder: GIN, gamma: float) -> GIN:
    """A second encoder whose weights are really zero where they are pruned."""
    copy = GIN((4,), 8, 2, torch.Generator())
    copy.load_state_dict(encoder.state_dict())
    masks = prune(weight_matrices(encoder), gamma, "magnitude")
    with torch.no_grad():
        for name, weight in weight_matrices(copy).items():
            weight.mul_(masks[name])
    return copy


def test_equation_21_on_two_real_encoders(encoder: GIN, batch: Batch) -> None:
    head = mlp([encoder.dim] * 3, gen(1))
    other = sparse_copy(encoder, 0.4)
    method = started(encoder, alpha=10)
    dense, pruned = encoder.train()(batch), other.train()(batch)
    graph = nt_xent(head(dense.graph), head(pruned.graph), 0.3)
    local = contrast(torch.cat(dense.layers, 1), torch.cat(pruned.layers, 1), batch.graph, 0.3)
    loss = method.loss(encoder, head, batch, randomness())
    assert loss.parts["graph"].item() == pytest.approx(graph.item(), rel=1e-5)
    assert loss.parts["local"].item() == pytest.approx(local.item(), rel=1e-5)
    assert loss.total.item() == pytest.approx((graph + 10 * local).item(), rel=1e-5)


def test_gradients_add_up_over_both_branches(encoder: GIN, batch: Batch) -> None:
    head = nn.Identity()
    method = started(encoder)
    other = sparse_copy(encoder, 0.4)
    loss = method.loss(encoder, head, batch, randomness()).total
    names = list(weight_matrices(encoder))
    shared = torch.autograd.grad(loss, list(weight_matrices(encoder).values()))
    # The same loss with two separate encoders: a shared weight's gradient is the sum, the sparse one's under its mask.
    dense, pruned = encoder(batch), other.train()(batch)
    apart = nt_xent(dense.graph, pruned.graph, 0.3) + contrast(
        dense.node("concat"), pruned.node("concat"), batch.graph, 0.3
    )
    one = torch.autograd.grad(apart, list(weight_matrices(encoder).values()), retain_graph=True)
    two = torch.autograd.grad(apart, list(weight_matrices(other).values()))
    for name, got, a, b in zip(names, shared, one, two, strict=True):
        torch.testing.assert_close(got, a + method.masks[name] * b, rtol=1e-4, atol=1e-6, msg=name)


def test_without_gradient_through_the_pruned_branch(encoder: GIN, batch: Batch) -> None:
    method = started(encoder, alpha=0, pruned_gradient=False)
    got = torch.autograd.grad(method.loss(encoder, nn.Identity(), batch, randomness()).total, [*encoder.parameters()])
    other = sparse_copy(encoder, 0.4).train()
    expected = torch.autograd.grad(
        nt_xent(encoder(batch).graph, other(batch).graph.detach(), 0.3), [*encoder.parameters()]
    )
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("strategy", ["magnitude", "soft-filter"])
def test_a_snapshot_is_a_detached_copy_of_the_epochs_start(encoder: GIN, batch: Batch, strategy: str) -> None:
    encoder, head = encoder.double().train(), mlp([encoder.dim] * 3, gen(1)).double()
    batch = replace(batch, features=batch.inputs((4,)).double())
    method, live = (started(encoder, strategy, alpha=3, sparse=sparse) for sparse in ("snapshot", "live"))
    masks = prune(weight_matrices(encoder), 0.4, strategy)
    other = deepcopy(encoder)
    with torch.no_grad():
        for name, weight in weight_matrices(other).items():
            weight[~masks[name]] = 0
        # Later in the epoch all weights have moved, biases and norms among them.
        for number, weight in enumerate(encoder.parameters()):
            weight += 0.1 * torch.randn(weight.shape, generator=gen(number))
    dense, pruned = encoder(batch), other(batch)
    local = contrast(dense.node("concat"), pruned.node("concat").detach(), batch.graph, 0.3)
    expected = nt_xent(head(dense.graph), head(pruned.graph.detach()), 0.3) + 3 * local
    weights = [*encoder.parameters(), *head.parameters()]
    got = method.loss(encoder, head, batch, randomness()).total
    torch.testing.assert_close(got, expected, rtol=1e-10, atol=0)
    for a, b in zip(torch.autograd.grad(got, weights), torch.autograd.grad(expected, weights), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)
    assert live.loss(encoder, head, batch, randomness()).total.item() != pytest.approx(expected.item(), rel=1e-4)
    # The next epoch starts from the weights as they are then: nothing has moved since.
    for each in (method, live):
        each.start_epoch(SimpleNamespace(encoder=encoder))
    one, two = (each.loss(encoder, head, batch, randomness()).total for each in (method, live))
    torch.testing.assert_close(one, two, rtol=1e-12, atol=0)


def test_masks_come_from_the_epochs_first_encoder(encoder: GIN, batch: Batch) -> None:
    method = started(encoder, "soft-filter", gamma=0.5)
    first = {name: mask.clone() for name, mask in method.masks.items()}
    with torch.no_grad():
        for weight in weight_matrices(encoder).values():
            weight.copy_(weight.flip(0))
    method.loss(encoder, nn.Identity(), batch, randomness())
    assert all(torch.equal(first[name], mask) for name, mask in method.masks.items())
    method.start_epoch(SimpleNamespace(encoder=encoder))
    assert all(torch.equal(first[name].flip(0), mask) for name, mask in method.masks.items())


@pytest.mark.parametrize("sparse", ["live", "snapshot"])
@pytest.mark.parametrize("own", [False, True])
def test_running_statistics(encoder: GIN, batch: Batch, own: bool, sparse: str) -> None:
    method = started(encoder, own_statistics=own, sparse=sparse)
    before = encoder.norms[0].running_mean.clone()
    method.pruned(encoder.train(), batch)
    assert torch.equal(before, encoder.norms[0].running_mean) == own


def test_node_embedding_of_the_local_loss(encoder: GIN, batch: Batch) -> None:
    method = started(encoder, node_embedding="last")
    expected = contrast(
        encoder(batch).layers[-1], sparse_copy(encoder, 0.4).train()(batch).layers[-1], batch.graph, 0.3
    )
    got = method.loss(encoder, nn.Identity(), batch, randomness()).parts["local"]
    assert got.item() == pytest.approx(expected.item(), rel=1e-5)


def test_sampling_of_nodes() -> None:
    generator = gen()
    assert sample_nodes(5, 5, generator).tolist() == [0, 1, 2, 3, 4]
    counts = torch.zeros(10)
    for _ in range(600):
        nodes = sample_nodes(10, 3, generator)
        assert nodes.tolist() == sorted(set(nodes.tolist()))
        counts[nodes] += 1
    # Each node is drawn with probability 0.3: 180 expected, standard deviation 11.
    assert ((counts - 180).abs() < 50).all()


def test_without_the_local_loss_alpha_has_no_effect(encoder: GIN, batch: Batch) -> None:
    method = Lamp(Pretraining(lamp=LampOptions(alpha=7)), "magnitude", local=False)
    loss = method.loss(encoder, nn.Identity(), batch, randomness())
    assert list(loss.parts) == ["graph"]
    assert loss.total == loss.parts["graph"]
