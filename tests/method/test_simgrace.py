import numpy as np
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


def test_no_gradient_through_the_perturbed_branch_and_statistics_stay() -> None:
    encoder = GIN((4,), 8, 2, gen()).train()
    batch = collate(random_graphs(0, count=6), np.arange(6))
    settings = Pretraining(simgrace=SimgraceOptions(eta=0.5))
    random = randomness(3)
    head = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 8))
    weights = [*encoder.parameters(), *head.parameters()]
    got = torch.autograd.grad(SimGRACE(settings).loss(encoder, head, batch, random).total, weights)
    other = GIN((4,), 8, 2, torch.Generator())
    other.load_state_dict(encoder.state_dict())
    with torch.no_grad():
        for name, value in perturb(encoder, 0.5, gen(3)).items():
            other.get_parameter(name).copy_(value)
        perturbed = head(other.train()(batch).graph)
    expected = torch.autograd.grad(nt_xent(head(encoder(batch).graph), perturbed, 0.2), weights)
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
    # Two passes of the plain encoder moved the running statistics, the perturbed one did not.
    assert encoder.norms[0].num_batches_tracked == 2
