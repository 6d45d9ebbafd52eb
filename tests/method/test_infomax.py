import math

import numpy as np
import pytest
import torch

from gradients import check_gradients
from molecular_twin import drawn, last_layer, losses_of
from molecule_graphs import random_molecules
from relamp.method.infomax import Discriminator
from seeded import gen, randomness


def test_each_atom_with_two_summaries_by_a_loop() -> None:
    trainer, batch, weights = drawn("infomax")
    h, (matrix,) = last_layer(trainer.encoder, batch.x, batch), trainer.head.parameters()
    summaries = [torch.sigmoid(h[batch.graph == g].mean(0)) for g in range(8)]
    true, false = [], []
    for row, g in zip(h, batch.graph.tolist(), strict=True):
        true.append(-torch.log(torch.sigmoid(row @ matrix @ summaries[g])))
        false.append(-torch.log(1 - torch.sigmoid(row @ matrix @ summaries[(g + 1) % 8])))
    expected = torch.stack(true).mean() + torch.stack(false).mean()
    got = trainer.method.loss(trainer.encoder, trainer.head, batch, randomness()).total
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    check_gradients(got, expected, weights, rtol=1e-8, atol=1e-11)


def test_the_discriminator_is_drawn_evenly_below_one_over_the_root_of_its_width() -> None:
    (weight,) = Discriminator(100, gen()).parameters()
    assert weight.abs().max() <= 0.1
    assert weight.std().item() == pytest.approx(0.1 / math.sqrt(3), rel=0.02)


def test_training_lowers_the_loss() -> None:
    losses = losses_of("infomax", random_molecules(0, 60, 9))
    assert np.mean(losses[-5:]) < 0.6 * losses[0]
