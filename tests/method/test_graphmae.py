import numpy as np
import pytest
import torch
from torch import Tensor

from gradients import check_gradients
from molecular_twin import convolved, drawn, last_layer, trainer_of
from molecule_graphs import random_molecules
from relamp.method.graphmae import Decoder
from relamp.method.masked import masked
from reordered import edgeless
from seeded import gen, randomness


def decoded(head: Decoder, h: Tensor, atoms: Tensor, batch: object) -> Tensor:
    """The decoder by its own weights, all atoms decoded."""
    z = torch.where(h > 0, h, head.act.weight * h) @ head.map[0].weight.T
    z = torch.stack([0 * row if i in atoms.tolist() else row for i, row in enumerate(z)])
    first, _, second = head.update
    heard = convolved(z, batch, head.bond_type, head.bond_direction)
    return (heard @ first.weight.T + first.bias).clamp_min(0) @ second.weight.T + second.bias


@pytest.mark.parametrize("exponent", [1.0, 2.5])
def test_cosine_error_of_hidden_atoms_by_a_loop_over_them(exponent: float) -> None:
    trainer, batch, weights = drawn("graphmae", graphmae={"masked": 0.3, "exponent": exponent})
    shown, atoms = masked(batch, trainer.encoder, 0.3, randomness(4))
    rows = decoded(trainer.head, last_layer(trainer.encoder, shown.x, batch), atoms, batch)
    terms = []
    for atom in atoms.tolist():
        kind = torch.zeros(119, dtype=torch.float64)
        kind[batch.x[atom, 0]] = 1
        terms.append((1 - torch.cosine_similarity(rows[atom], kind, dim=0)) ** exponent)
    expected = torch.stack(terms).mean()
    got = trainer.method.loss(trainer.encoder, trainer.head, batch, randomness(4)).total
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    check_gradients(got, expected, weights, rtol=1e-8, atol=1e-11)


def test_a_lone_atom_is_decoded_from_its_self_loop() -> None:
    data = edgeless(random_molecules(0, 4))
    trainer = trainer_of("graphmae", data, hidden=5, layers=1)
    batch = trainer.batch(np.arange(4))
    atoms = torch.arange(len(batch.x))
    got = trainer.head(torch.randn(len(atoms), 5, generator=gen()), batch, atoms)
    expected = trainer.head.update(trainer.head.bond_type[4] + trainer.head.bond_direction[0])
    torch.testing.assert_close(got, expected.expand_as(got))


def test_the_map_has_no_bias_and_what_is_right_costs_nothing() -> None:
    head = Decoder(5, gen(), "pytorch")
    assert [tuple(weight.shape) for weight in head.map.parameters()] == [(5, 5)]
    assert 0 < head.map[0].weight.abs().max() <= 5**-0.5
    trainer, batch, _ = drawn("graphmae", graphmae={"masked": 0.9, "exponent": 1.5})
    right = torch.nn.functional.one_hot(batch.x[:, 0], 119).double() * 3
    trainer.head.forward = lambda h, shown, atoms: right[atoms]
    assert trainer.method.loss(trainer.encoder, trainer.head, batch, randomness()).total.item() == 0
