import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing import index, random_edges, some
from relamp.evaluate.mixing_weights import NeighbourWeights, neighbour_weights, unit_rows
from relamp.mixing.similarity import make_mixer
from relamp.settings.mixing import MixSettings
from seeded import gen


def dense(weights: NeighbourWeights) -> np.ndarray:
    made = np.diag(weights.own)
    for node in range(len(weights.own)):
        inside = slice(weights.offset[node], weights.offset[node + 1])
        made[node, weights.partner[inside]] += weights.weight[inside]
    return made


def of_torch(name: str, z: torch.Tensor, edges: torch.Tensor, options: MixSettings) -> tuple[np.ndarray, tuple | None]:
    mixer = make_mixer(name, z.shape[1], options, gen(1)).double().eval()
    pairs, values = mixer(z, edges).weights
    made = np.zeros((len(z), len(z)))
    np.add.at(made, (pairs[1].numpy(), pairs[0].numpy()), values.numpy())
    projected = isinstance(mixer.query, torch.nn.Linear)
    maps = (mixer.query.weight.detach().numpy(), mixer.key.weight.detach().numpy()) if projected else None
    return made, maps


@pytest.mark.parametrize("name", ["mo-mix", "mp-mix", "mp-mix-nodiv"])
@pytest.mark.parametrize("options", [{}, {"constant": None}, {"denominator": "all"}])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 9))
def test_the_weights_are_those_of_the_training(name: str, options: dict, seed: int, n: int) -> None:
    z, edges, chosen = some(n, 4, seed), index(random_edges(n, seed)), MixSettings(**options)
    wanted, maps = of_torch(name, z, edges, chosen)
    np.testing.assert_allclose(dense(neighbour_weights(z.numpy(), edges.numpy(), chosen, maps)), wanted, atol=1e-12)


def test_weights_by_hand() -> None:
    # Node 0 has the neighbours 1 (the same direction) and 2 (at a right angle); 1 and 2 have 0 alone; 3 has nobody.
    z = np.array([[2.0, 0.0], [5.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    edges = np.array([[1, 2, 0, 0, 3], [0, 0, 1, 2, 3]])
    weights = neighbour_weights(z, edges, MixSettings())
    np.testing.assert_allclose(weights.own, [0.2, 0.2, 0.2, 1.0])
    np.testing.assert_allclose(weights.weight, [0.8 * np.e / (np.e + 1), 0.8 / (np.e + 1), 0.8, 0.8])
    assert (weights.offset.tolist(), weights.partner.tolist()) == ([0, 2, 3, 4, 4], [1, 2, 0, 0])


def test_unit_rows_leave_zeros() -> None:
    np.testing.assert_allclose(unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])), [[0.6, 0.8], [0.0, 0.0]])
