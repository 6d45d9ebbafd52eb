from dataclasses import replace

import numpy as np
import pytest
import torch

from gradients import check_gradients
from molecular_twin import drawn, last_layer, losses_of, trainer_of
from molecule_graphs import random_molecules
from relamp.data.batch import Batch
from relamp.method.edgepred import bonds, others
from reordered import edgeless
from seeded import randomness


def test_bonds_and_drawn_pairs_by_a_loop() -> None:
    trainer, batch, weights = drawn("edgepred")
    h, edges = last_layer(trainer.encoder, batch.x, batch), batch.edge_index[:, ::2].T.tolist()
    pairs = others(batch, randomness(4).numpy).T.tolist()
    true = [-torch.log(torch.sigmoid(h[u] @ h[v])) for u, v in edges]
    false = [-torch.log(1 - torch.sigmoid(h[u] @ h[v])) for u, v in pairs]
    assert len(true) > len(false) > 0
    expected = torch.stack(true).mean() + torch.stack(false).mean()
    got = trainer.method.loss(trainer.encoder, trainer.head, batch, randomness(4)).total
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)
    check_gradients(got, expected, weights, rtol=1e-8, atol=1e-11)


def batch_of(sizes: list[int], edges: list[tuple[int, int]]) -> Batch:
    """Molecules of these sizes with bonds between their atoms, numbered through."""
    ends = torch.tensor([end for u, v in edges for end in ((u, v), (v, u))], dtype=torch.int64).reshape(-1, 2).T
    graph = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    attributes = torch.zeros(ends.shape[1], 2, dtype=torch.int64)
    return Batch(torch.zeros(len(graph), 2, dtype=torch.int64), ends, graph, len(sizes), edge_attr=attributes)


def test_each_free_pair_of_a_chain_is_drawn_as_often_and_a_ring_of_three_has_none() -> None:
    # A chain of five atoms (6 of 10 pairs are free), a ring of three, a lone atom, two atoms without a bond.
    batch = batch_of([5, 3, 1, 2], [(0, 1), (1, 2), (2, 3), (3, 4), (5, 6), (6, 7), (5, 7)])
    assert bonds(batch).T.tolist() == [[0, 1], [1, 2], [2, 3], [3, 4], [5, 6], [6, 7], [5, 7]]
    random, counts = randomness().numpy, {}
    for _ in range(600):
        drawn_pairs = list(map(tuple, others(batch, random).T.tolist()))
        assert len(set(drawn_pairs)) == len(drawn_pairs) == 4
        for pair in drawn_pairs:
            counts[pair] = counts.get(pair, 0) + 1
    assert set(counts) == {(0, 2), (0, 3), (0, 4), (1, 3), (1, 4), (2, 4)}
    assert all(360 < count < 440 for count in counts.values())


def test_molecules_without_bonds_cost_nothing_and_pull_nothing() -> None:
    trainer = trainer_of("edgepred", edgeless(random_molecules(0, 8)), hidden=4, layers=2)
    trainer.mode(training=True)
    assert trainer.step(np.arange(8)).total.item() == 0
    assert not any(weight.grad.any() for weight in trainer.encoder.parameters() if weight.grad is not None)


def test_a_pair_of_bonded_atoms_has_no_other_pair() -> None:
    batch = batch_of([2, 2], [(0, 1), (2, 3)])
    batch = replace(batch, x=torch.tensor([[5, 0], [6, 0], [7, 1], [7, 2]]))
    trainer, _, _ = drawn("edgepred")
    h = last_layer(trainer.encoder, batch.x, batch)
    expected = -(torch.log(torch.sigmoid(h[0] @ h[1])) + torch.log(torch.sigmoid(h[2] @ h[3]))) / 2
    got = trainer.method.loss(trainer.encoder, trainer.head, batch, randomness()).total
    assert got.item() == pytest.approx(expected.item(), rel=1e-9)


def test_training_lowers_the_loss() -> None:
    losses = losses_of("edgepred", random_molecules(0, 60, 9))
    assert np.mean(losses[-5:]) < 0.6 * losses[0]
