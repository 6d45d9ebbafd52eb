from dataclasses import replace

import numpy as np
import pytest
import torch

from bonded import nodes_of
from molecule_graphs import random_molecules
from relamp.data.batch import Batch, collate
from relamp.model.molecular_gin import MASK, MolecularGIN, bond_counts
from reordered import edgeless
from seeded import gen
from slow_molecular_gin import slow


def ring(attributes: list[tuple[int, int]]) -> Batch:
    """Two molecules: a ring of three atoms with the given bonds, and a lone atom."""
    bonds = [(0, 1), (1, 2), (2, 0)]
    edges = [edge for a, b in bonds for edge in ((a, b), (b, a))]
    return Batch(
        x=torch.tensor([[5, 0], [6, 1], [7, 2], [5, 0]]),
        edge_index=torch.tensor(edges).T,
        graph=torch.tensor([0, 0, 0, 1]),
        num_graphs=2,
        edge_attr=torch.tensor([pair for pair in attributes for _ in range(2)]),
    )


BATCH = ring([(0, 0), (1, 1), (3, 2)])


def test_equals_slow_implementation_with_gradients() -> None:
    encoder = MolecularGIN(6, 3, gen()).double()
    encoder.train()
    actual = encoder(BATCH)
    layers, graph = slow(encoder, BATCH)
    torch.testing.assert_close(actual.graph, graph.double())
    for got, wanted in zip(actual.layers, layers, strict=True):
        torch.testing.assert_close(got, wanted.double())
    names, parameters = zip(*encoder.named_parameters(), strict=True)
    one = torch.autograd.grad(actual.graph.pow(2).sum(), parameters)
    two = torch.autograd.grad(graph.pow(2).sum(), parameters)
    for name, a, b in zip(names, one, two, strict=True):
        torch.testing.assert_close(a, b, msg=name)


def test_bonds_are_counted_by_hand() -> None:
    types, directions = bond_counts(BATCH).split([6, 3], dim=1)
    # Atom 0 sits on a single and an aromatic bond, and has its self-loop.
    assert types[0].tolist() == [1, 0, 0, 1, 1, 0]
    assert directions[0].tolist() == [2, 0, 1]
    assert types[3].tolist() == [0, 0, 0, 0, 1, 0]


def test_dropout_draws_from_its_generator_and_keeps_the_mean() -> None:
    def run(seed: int) -> torch.Tensor:
        encoder = MolecularGIN(400, 1, gen(), dropout=0.5, noise=gen(seed))
        return encoder.train()(BATCH).layers[0]

    torch.manual_seed(0)
    first = run(1)
    torch.manual_seed(99)
    assert torch.equal(first, run(1))
    assert not torch.equal(first, run(2))
    dense = MolecularGIN(400, 1, gen()).train()(BATCH).layers[0]
    kept = first != 0
    torch.testing.assert_close(first[kept], 2 * dense[kept])
    assert kept.float().mean().item() == pytest.approx(0.5, abs=0.05)


def test_no_dropout_in_evaluation() -> None:
    encoder = MolecularGIN(16, 2, gen(), dropout=0.5, noise=torch.Generator())
    assert torch.equal(encoder.eval()(BATCH).graph, encoder(BATCH).graph)


def test_masked_atoms_carry_the_mask() -> None:
    encoder = MolecularGIN(4, 1, gen())
    masked = encoder.mask_nodes(BATCH, torch.tensor([True, False, False, True]), torch.Generator())
    assert masked.x.tolist() == [[MASK, 0], [6, 1], [7, 2], [MASK, 0]]


def test_molecules_without_bond_attributes_are_refused() -> None:
    batch = Batch(BATCH.x, BATCH.edge_index, BATCH.graph, 2)
    with pytest.raises(ValueError, match="edge_attr"):
        MolecularGIN(4, 1, torch.Generator())(batch)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("which", ["molecules", "ring", "no edges", "one atom"])
def test_messages_of_relu_equal_those_of_torch_geometric_with_gradients(weighted: bool, which: str) -> None:
    many = collate(random_molecules(0, most=12), np.arange(21))
    # Few kinds of atoms and bonds, so that some are alike after a layer.
    many = replace(many, x=many.x % 2, edge_attr=many.edge_attr % 2)
    batch = {"molecules": many, "ring": BATCH, "no edges": collate(edgeless(random_molecules(0)), np.arange(21))}.get(
        which, replace(BATCH, x=BATCH.x[:1], edge_index=BATCH.edge_index[:, :0], edge_attr=BATCH.edge_attr[:0])
    )
    if which == "one atom":
        batch = replace(batch, graph=batch.graph[:1], num_graphs=1)
    encoder = MolecularGIN(6, 3, gen(), messages="relu").double().train(which != "one atom")
    weight = torch.rand(batch.edge_index.shape[1], generator=gen(1), dtype=torch.float64).requires_grad_()
    batch = replace(batch, message_weight=weight, search=False) if weighted else batch
    parameters = [p for p in encoder.parameters() if p.requires_grad]
    check = [*parameters, *([weight] if weighted and len(weight) else [])]
    embedded = encoder(batch)
    got = embedded.node("last")
    # Atoms that are alike are computed once, where messages are not weighed.
    assert (len(embedded.rows[0]) < len(batch.x)) == (which in ("molecules", "no edges") and not weighted)
    expected = nodes_of(encoder, batch)
    torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-12)
    factor = torch.randn(got.shape, generator=gen(2), dtype=torch.float64)
    one, two = (torch.autograd.grad((h * factor).sum(), check, allow_unused=True) for h in (got, expected))
    for a, b in zip(one, two, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-10)
    plain = MolecularGIN(6, 3, gen()).double().train(which != "one atom")
    assert not torch.allclose(plain(batch).node("last"), got)


def test_messages_of_relu_go_through_dropout_and_gates() -> None:
    encoder = MolecularGIN(8, 2, gen(), dropout=0.5, noise=gen(3), messages="relu").train()
    twin = MolecularGIN(8, 2, gen(), messages="relu").train()
    assert not torch.equal(encoder(BATCH).graph, twin(BATCH).graph)
    assert torch.equal(encoder.eval()(BATCH).graph, encoder(BATCH).graph)
    gate = torch.tensor([1.0, 0.0, 1.0, 1.0])
    gated = twin(replace(BATCH, gate=gate, search=False)).node("last")
    with torch.no_grad():
        twin.atom_type[6], twin.chirality[1] = 0, 0
    torch.testing.assert_close(twin(BATCH).node("last"), gated)
