import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from diffused import dense_operators
from gradients import check_gradients
from node_graphs import random_nodes
from relamp.method.gae import GAE
from relamp.method.nodes import NodeBatch
from relamp.settings.nodes import NodePretraining
from relamp.train.nodes import NodeTrainer
from seeded import gen, randomness

CPU = torch.device("cpu")
DATA = random_nodes(1, sizes=(30, 10))
SETTINGS = NodePretraining(hidden=4, gae={"as_published": False, "first": 6, "edges": "all"})


@pytest.mark.parametrize("variational", [False, True])
def test_the_objective_is_that_of_the_dense_adjacency(variational: bool) -> None:
    method = GAE(SETTINGS, variational)
    encoder, head = method.draw(DATA, gen())
    assert [tuple(weight.shape) for weight in encoder.weights] == [(12, 6), *[(6, 4)] * (2 if variational else 1)]
    x = torch.from_numpy(method.inputs(DATA).toarray())
    s = torch.from_numpy(dense_operators(DATA.edge_index, 40, 1)[0]).float()
    first, *later = encoder.weights
    mean, *log_std = (s @ (s @ x @ first).relu() @ weight for weight in later)
    z, divergence = mean, torch.zeros(())
    if variational:
        z = torch.distributions.Normal(mean, log_std[0].exp())
        prior = torch.distributions.Normal(torch.zeros(()), torch.ones(()))
        # The public code divides by the number of nodes twice.
        divergence = torch.distributions.kl_divergence(z, prior).sum() / 40 / 40
        z = mean + torch.randn(40, 4, generator=gen(7)) * log_std[0].exp()
    edges = DATA.edge_index.shape[1]
    wanted = torch.from_numpy(np.eye(40, dtype=np.float32))
    wanted[DATA.edge_index[0], DATA.edge_index[1]] = 1
    weight = torch.tensor((1600 - edges) / edges)
    entropy = binary_cross_entropy_with_logits(z @ z.T, wanted, pos_weight=weight)
    expected = 1600 / (2 * (1600 - edges)) * entropy + divergence
    batch = NodeBatch(method.prepare(DATA, CPU), torch.tensor([0, 3]))
    found = method.loss(encoder, head, batch, randomness(7)).total
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
    check_gradients(found, expected, [*encoder.weights], atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(method.embed(encoder, head, batch, gen())["average"], mean, atol=1e-6, rtol=1e-5)


def test_published_settings_and_a_training_that_lowers_the_objective() -> None:
    for variational in (False, True):
        trainer = NodeTrainer(DATA, GAE(NodePretraining(), variational), 0)
        assert (trainer.settings.epochs, trainer.settings.features) == (200, "as-in-file")
        assert trainer.encoder.weights[0].shape == (12, 32)
        trained = trainer.run()
        assert trained.history[-1]["loss"] < 0.9 * trained.history[0]["loss"]
        assert list(trained.embeddings.values())[-1].shape == (40, 16)


def test_edges_that_are_left_out_are_in_neither_operator_nor_objective() -> None:
    _, head = GAE(NodePretraining()).draw(DATA, gen(3))
    pairs = {frozenset(pair) for pair in DATA.edge_index.T.tolist()}
    whole = GAE(NodePretraining()).prepare(DATA, CPU)
    seen = head(whole)
    assert head(whole) is seen
    edges = torch.stack([seen.pairs.source, seen.pairs.target])[:, :-40]
    assert torch.equal(edges, torch.stack([whole.pairs.source, whole.pairs.target])[:, :-40][:, head.kept])
    kept = {frozenset(pair) for pair in edges.T.tolist()}
    assert kept < pairs
    assert (len(edges[0]), len(pairs) - len(kept)) == (2 * len(kept), len(pairs) // 10 + len(pairs) // 20)
    expected = torch.from_numpy(dense_operators(edges.numpy(), 40, 1)[0]).float()
    torch.testing.assert_close(seen.adjacency.times(torch.eye(40)), expected)
    again, other = (GAE(NodePretraining()).draw(DATA, gen(seed)) for seed in (3, 4))
    assert torch.equal(again[1].kept, head.kept)
    assert not torch.equal(other[1].kept, head.kept)
    # The encoder is that of a training on all edges.
    plain = GAE(NodePretraining(gae={"edges": "all"})).draw(DATA, gen(3))
    assert all(torch.equal(*pair) for pair in zip(plain[0].weights, again[0].weights, strict=True))
    assert plain[1](whole) is whole
