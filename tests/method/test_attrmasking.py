from dataclasses import replace

import numpy as np
import pytest
import torch

from gradients import check_gradients
from molecular_twin import drawn, last_layer, losses_of, trainer_of
from molecule_graphs import random_molecules
from relamp.method.masked import masked
from relamp.model.molecular_gin import MASK
from seeded import randomness


def test_cross_entropy_of_hidden_atoms_by_a_loop_over_them() -> None:
    trainer, batch, weights = drawn("attrmasking", attrmasking={"masked": 0.3})
    atoms = masked(batch, trainer.encoder, 0.3, randomness(4))[1]
    x = batch.x.clone()
    for atom in atoms.tolist():
        x[atom] = torch.tensor([119, 0])
    h = last_layer(trainer.encoder, x, batch)
    (weight, bias), terms = trainer.head.parameters(), []
    assert weight.shape == (119, 6)
    for atom in atoms.tolist():
        logits = weight @ h[atom] + bias
        terms.append(torch.logsumexp(logits, 0) - logits[batch.x[atom, 0]])
    expected = torch.stack(terms).mean()
    got = trainer.method.loss(trainer.encoder, trainer.head, batch, randomness(4)).total
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    check_gradients(got, expected, weights, rtol=1e-8, atol=1e-11)


def test_how_many_atoms_are_hidden_and_that_each_may_be() -> None:
    data = random_molecules(1, 40, 9)
    trainer = trainer_of("attrmasking", data, hidden=2, layers=1)
    batch, random = trainer.batch(np.arange(40)), randomness()
    sizes = np.diff(data.node_offset)
    assert {1, 9} <= set(sizes)
    seen = torch.zeros(len(batch.x))
    for share in (0.0, 0.15, 0.25, 0.9):
        shown, atoms = masked(batch, trainer.encoder, share, random)
        assert len(set(atoms.tolist())) == len(atoms)
        found = np.bincount(batch.graph[atoms], minlength=40)
        assert found.tolist() == [int(n * share + 1) for n in sizes]
        hidden = (shown.x == torch.tensor([MASK, 0])).all(1)
        assert hidden.nonzero()[:, 0].tolist() == sorted(atoms.tolist())
        assert torch.equal(shown.x[~hidden], batch.x[~hidden])
        seen += hidden
    for _ in range(80):
        seen[masked(batch, trainer.encoder, 0.0, random)[1]] += 1
    assert seen.all()
    # A lone atom is hidden whole.
    assert masked(batch, trainer.encoder, 0.15, random)[0].x[batch.graph == int(np.argmax(sizes == 1)), 0] == MASK


def test_one_adam_is_the_three_of_its_code() -> None:
    """One for each module, at one rate: the third, of bonds, has nothing to do."""
    trainer = trainer_of("attrmasking", random_molecules(0), hidden=6, layers=2)
    random = trainer.random.numpy.bit_generator.state
    weights = [*trainer.encoder.parameters(), *trainer.head.parameters()]
    trainer.mode(training=True)
    others = [torch.nn.Parameter(weight.detach().clone()) for weight in weights]
    count = len(list(trainer.encoder.parameters()))
    optimisers = [
        torch.optim.Adam(part, lr=trainer.settings.learning_rate) for part in (others[:count], others[count:])
    ]
    for _ in range(3):
        trainer.random.numpy.bit_generator.state = random
        trainer.step(np.arange(8))
        for weight, other in zip(weights, others, strict=True):
            other.grad = weight.grad
        for optimiser in optimisers:
            optimiser.step()
    for weight, other in zip(weights, others, strict=True):
        torch.testing.assert_close(weight, other)


@pytest.mark.parametrize("name", ["attrmasking", "graphmae"])
def test_training_lowers_the_loss_where_bonds_tell_the_type(name: str) -> None:
    """Each atom has the type of its neighbours, which the others of a molecule therefore show."""
    data = random_molecules(0, 60, 9)
    types = np.repeat(np.arange(60) % 4, np.diff(data.node_offset))
    data = replace(data, x=np.stack([types, 0 * types], axis=1))
    losses = losses_of(name, data)
    assert np.mean(losses[-5:]) < 0.6 * losses[0]
