from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from model_graphs import random_graphs
from relamp.data.batch import collate
from relamp.loss.nt_xent import nt_xent
from relamp.method.simgrace import SimGRACE, perturb
from relamp.model.gin import GIN
from relamp.settings.graphs import Pretraining, SimgraceOptions
from seeded import gen, randomness


def test_noise_has_eta_times_each_tensors_spread() -> None:
    encoder = nn.Linear(200, 100)
    with torch.no_grad():
        encoder.bias.fill_(3.0)
    noisy = perturb(encoder, 2.0, gen())
    noise = noisy["weight"] - encoder.weight
    expected = 2 * encoder.weight.std()
    torch.testing.assert_close(noise.std(), expected, rtol=0.03, atol=0)
    assert noise.mean().abs() < 0.02 * expected
    # Equal elements have no spread, so no noise.
    assert torch.equal(noisy["bias"], encoder.bias)


def test_a_tensor_of_one_element_stays() -> None:
    assert torch.isfinite(perturb(nn.Linear(1, 1), 1.0, torch.Generator())["weight"]).all()


@pytest.mark.parametrize("flows", [False, True])
def test_gradient_of_the_perturbed_branch_and_statistics_that_stay(flows: bool) -> None:
    encoder = GIN((4,), 8, 2, gen()).double().train()
    batch = collate(random_graphs(0, count=6), np.arange(6))
    batch = replace(batch, features=batch.inputs((4,)).double())
    settings = Pretraining(simgrace=SimgraceOptions(eta=0.5, perturbed_gradient=flows))
    head = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 8)).double()
    weights = [*encoder.parameters(), *head.parameters()]
    loss = SimGRACE(settings).loss(encoder, head, batch, randomness(3)).total
    got = torch.autograd.grad(loss, weights)
    other = GIN((4,), 8, 2, torch.Generator()).double().train()
    other.load_state_dict(encoder.state_dict() | perturb(encoder, 0.5, gen(3)))
    # A second model: what flows is added to the encoder's own, since its noise is a constant.
    perturbed = head(other(batch).graph)
    reference = nt_xent(head(encoder(batch).graph), perturbed if flows else perturbed.detach(), 0.2)
    torch.testing.assert_close(loss, reference, rtol=1e-10, atol=0)
    own = torch.autograd.grad(reference, weights, retain_graph=True)
    through = torch.autograd.grad(reference, list(other.parameters())) if flows else ()
    expected = [a + through[i] if i < len(through) else a for i, a in enumerate(own)]
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-11)
    # Two passes of the plain encoder moved the running statistics, the perturbed one did not.
    assert encoder.norms[0].num_batches_tracked == 2


def one_by_one(anchor: torch.Tensor, other: torch.Tensor, temperature: float) -> torch.Tensor:
    """NT-Xent of each anchor against the other branch, pair by pair, the positive left out below."""
    terms = []
    for i, a in enumerate(anchor):
        scores = [torch.cosine_similarity(a, b, dim=0) / temperature for b in other]
        negatives = torch.stack([score for j, score in enumerate(scores) if j != i])
        terms.append(torch.logsumexp(negatives, 0) - scores[i])
    return torch.stack(terms).mean()


@pytest.mark.parametrize("anchor", ["clean", "perturbed"])
def test_in_one_direction_the_anchor_is_one_branch(anchor: str) -> None:
    encoder = GIN((4,), 8, 2, gen()).double().train()
    batch, head = collate(random_graphs(0, count=6), np.arange(6)), nn.Linear(16, 8).double()
    batch = replace(batch, features=batch.inputs((4,)).double())
    weights = [*encoder.parameters(), *head.parameters()]
    noisy = GIN((4,), 8, 2, torch.Generator()).double().train()
    noisy.load_state_dict(encoder.state_dict() | perturb(encoder, 1.0, gen(3)))
    clean, perturbed = head(encoder(batch).graph), head(noisy(batch).graph).detach()
    pair = (clean, perturbed) if anchor == "clean" else (perturbed, clean)
    options = SimgraceOptions(anchor=anchor)
    one = Pretraining(directions="one", simgrace=options)
    expected, got = one_by_one(*pair, 0.2), SimGRACE(one).loss(encoder, head, batch, randomness(3)).total
    torch.testing.assert_close(got, expected, rtol=1e-9, atol=0)
    for a, b in zip(torch.autograd.grad(got, weights), torch.autograd.grad(expected, weights), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-11)
    # In both directions there is no anchor.
    clean, perturbed = head(encoder(batch).graph), head(noisy(batch).graph)
    mean = (one_by_one(clean, perturbed, 0.2) + one_by_one(perturbed, clean, 0.2)) / 2
    both = SimGRACE(Pretraining(directions="both", simgrace=options)).loss(encoder, head, batch, randomness(3)).total
    torch.testing.assert_close(both, mean, rtol=1e-9, atol=0)
