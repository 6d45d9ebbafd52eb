from itertools import combinations

import numpy as np
import pytest
import torch

from gradients import check_gradients
from molecular_twin import drawn, last_layer, losses_of, trainer_of
from molecule_graphs import random_molecules
from molecule_trees import random_trees
from relamp.graph.hops import hops
from relamp.method.dsla import candidates
from relamp.method.masked import one_atom
from relamp.model.molecular_gin import MASK
from relamp.settings.molecules import DslaOptions
from seeded import randomness

OPTIONS = {"edges": 0.3, "hops": 2, "masked": 0.5, "edit": 0.6, "contrast": 0.4, "margin": 2.0}


def test_the_three_losses_by_loops_over_molecules() -> None:
    trainer, batch, weights = drawn("d-sla", random_trees(3, 5), dsla=OPTIONS)
    views, edits = candidates(batch, trainer.encoder, DslaOptions(**OPTIONS), randomness(4))
    atoms = last_layer(trainer.encoder, views.x, views)
    z = torch.stack([atoms[views.graph == g].mean(0) for g in range(25)])
    first, _, second, _, third = trainer.head
    hidden = torch.relu(torch.relu(z @ first.weight.T + first.bias) @ second.weight.T + second.bias)
    scores = (hidden @ third.weight.T + third.bias)[:, 0]

    def far(one: int, two: int) -> torch.Tensor:
        return (z[one] - z[two]).square().sum().sqrt()

    discriminations, ratios, margins = [], [], []
    for g in range(5):
        of_molecule = torch.stack([scores[5 * c + g] for c in range(5)])
        discriminations.append(torch.logsumexp(of_molecule, 0) - of_molecule[0])
        each = [far(g, 5 * c + g) / edits[c - 1, g] for c in range(1, 5)]
        ratios += [(one - two) ** 2 for one, two in combinations(each, 2)]
        margins += [
            (2 + far(g, 5 * c + g) - far(g, other)).clamp_min(0)
            for c in range(1, 4)
            for other in range(5)
            if other != g
        ]
    terms = [torch.stack(discriminations).mean(), 0.6 * torch.stack(ratios).mean(), 0.4 * torch.stack(margins).mean()]
    got = trainer.method.loss(trainer.encoder, trainer.head, batch, randomness(4))
    assert [part.item() for part in got.parts.values()] == pytest.approx([term.item() for term in terms], rel=1e-9)
    assert any(margin.item() == 0 for margin in margins)
    check_gradients(got.total, sum(terms), weights, rtol=1e-8, atol=1e-10)


def test_what_is_hidden_and_moved_in_each_candidate() -> None:
    data = random_trees(1, 40)
    trainer = trainer_of("d-sla", data, hidden=2, layers=1)
    batch, options = trainer.batch(np.arange(40)), DslaOptions(hops=2)
    views, edits = candidates(batch, trainer.encoder, options, randomness(7))
    near = hops(batch.edge_index, one_atom(batch, randomness(7)), len(batch.x), 2) <= 2
    assert views.num_graphs == 200
    old = {tuple(edge) for edge in batch.edge_index.T.tolist()}
    for c in range(5):
        nodes = slice(c * len(batch.x), (c + 1) * len(batch.x))
        among = near if c < 4 else torch.ones_like(near)
        hidden = views.x[nodes, 0] == MASK
        assert not (hidden & ~among).any()
        assert torch.equal(views.x[nodes][~hidden], batch.x[~hidden])
        sizes, found = (torch.bincount(batch.graph[part], minlength=40).tolist() for part in (among, hidden))
        assert found == [int(n * 0.8) for n in sizes]
        mine = (views.edge_index // len(batch.x) == c).all(0)
        new = {tuple(edge) for edge in (views.edge_index[:, mine] - c * len(batch.x)).T.tolist()}
        assert len(new) == len(old) == int(mine.sum())
        bonds = torch.bincount(batch.graph[batch.edge_index[0, among[batch.edge_index].all(0)]], minlength=40) // 2
        if c == 0:
            assert new == old
        else:
            assert edits[c - 1].tolist() == [max(int(m * 0.2 * c), 1) for m in bonds.tolist()]
            moved = np.bincount([int(batch.graph[u]) for u, _ in old - new], minlength=40) // 2
            assert (moved <= np.minimum(edits[c - 1].numpy(), bonds.numpy())).all()
            assert moved.sum() > 0.3 * bonds.sum() * 0.2 * c
            assert all(bool(among[u] & among[v]) for u, v in old ^ new)


def test_training_lowers_the_loss() -> None:
    losses = losses_of("d-sla", random_trees(0, 60))
    assert np.mean(losses[-5:]) < 0.8 * losses[0]


def test_molecules_that_are_the_same_have_finite_gradients() -> None:
    trainer = trainer_of("d-sla", random_molecules(0, 8).take(np.zeros(8, dtype=np.int64)), hidden=4, layers=2)
    trainer.mode(training=True)
    trainer.step(np.arange(8))
    assert all(weight.grad.isfinite().all() for weight in trainer.encoder.parameters())
