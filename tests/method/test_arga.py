import copy

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from node_graphs import random_nodes
from relamp.errors import RelampError
from relamp.loss.reconstruction import reconstruction
from relamp.method.arga import ARGA
from relamp.settings.nodes import NodePretraining
from relamp.train.nodes import NodeTrainer
from seeded import gen
from training import equal

DATA = random_nodes(1, sizes=(30, 10))


def trainer(variational: bool, **arga: object) -> NodeTrainer:
    options = {"as_published": False, "first": 6, "steps": 2, "edges": "all", **arga}
    return NodeTrainer(DATA, ARGA(NodePretraining(hidden=4, learning_rate=0.01, arga=options), variational), 0)


@pytest.mark.parametrize("variational", [False, True])
def test_what_misleads_the_discriminator_is_worked_out_apart(variational: bool) -> None:
    made = trainer(variational)
    method, graph, scores = made.method, made.prepared, made.parts["discriminator"]
    for weight in scores.parameters():
        torch.nn.init.normal_(weight, generator=gen(1))
    found = method.misled(made.encoder, scores, graph, gen(7))
    x, s = (rows.times(torch.eye(size)) for rows, size in ((graph.features, 12), (graph.adjacency, 40)))
    first, *later = made.encoder.weights
    hidden = (s @ x @ first).relu()
    if not variational:
        hidden = hidden + 0.1 * torch.randn(40, 6, generator=gen(7))
    codes, *log_std = (s @ hidden @ weight for weight in later)
    if variational:
        codes = codes + torch.randn(40, 4, generator=gen(7)) * log_std[0].exp()
    one, _, two, _, three = scores
    inside = (codes @ one.weight.T + one.bias).relu() @ two.weight.T + two.bias
    logits = inside.relu() @ three.weight.T + three.bias
    assert [tuple(layer.weight.shape) for layer in (one, two, three)] == [(12, 4), (6, 12), (1, 6)]
    expected = binary_cross_entropy_with_logits(logits, torch.ones(40, 1))
    expected = expected if variational else expected + reconstruction(codes, graph.pairs)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    for one, two in zip(
        *(torch.autograd.grad(loss, [*made.encoder.weights]) for loss in (found, expected)), strict=True
    ):
        torch.testing.assert_close(one, two, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("variational", [False, True])
def test_a_round_steps_by_turns(variational: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    made, steps = trainer(variational), []
    descend, scores = made.descend, made.parts["discriminator"]

    def watched(loss: torch.Tensor, part: str | None = None) -> None:
        before = [copy.deepcopy(module.state_dict()) for module in (made.encoder, scores)]
        descend(loss, part)
        after = [module.state_dict() for module in (made.encoder, scores)]
        steps.append((part, *(not equal(*pair) for pair in zip(before, after, strict=True))))

    monkeypatch.setattr(made, "descend", watched)
    made.run_epoch()
    of_encoder, of_discriminator = (None, True, False), ("discriminator", False, True)
    assert steps == [of_encoder, of_encoder, of_discriminator, of_encoder]
    assert made.optimiser.lr == 0.01
    assert made.optimisers["discriminator"].lr == 1e-3


def test_a_round_sees_no_edge_that_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    made, seen = trainer(False, edges="without-test"), []
    for module in ("relamp.method.gae", "relamp.method.arga"):
        monkeypatch.setattr(f"{module}.reconstruction", lambda z, pairs: (seen.append(pairs), z.sum())[1])
    made.run_epoch()
    assert len(seen) == 3
    kept = made.head(made.prepared).pairs
    assert all(pairs is kept for pairs in seen)
    assert len(kept.source) < len(made.prepared.pairs.source)


def test_a_discriminator_that_learns_tells_codes_from_noise() -> None:
    made = trainer(False, discriminator_rate=0.05, steps=1)
    for _ in range(60):
        made.run_epoch()
    codes = made.method.codes(made.encoder, made.prepared, gen())[0]
    scores = made.parts["discriminator"]
    assert scores(torch.randn(400, 4, generator=gen(3))).mean() > scores(codes).mean()


def test_published_settings_and_a_training_that_lowers_the_objective() -> None:
    for variational in (False, True):
        made = NodeTrainer(DATA, ARGA(NodePretraining(patience=3), variational), 0)
        own = made.settings
        assert (own.epochs, own.hidden, own.learning_rate, own.patience) == (50, 32, 5e-4, None)
        history = made.run().history
        assert history[-1]["loss"] < history[0]["loss"]
    assert ARGA(NodePretraining(patience=3, arga={"as_published": False})).settings.patience is None
    with pytest.raises(RelampError, match="on all nodes"):
        ARGA(NodePretraining(inductive=True))
