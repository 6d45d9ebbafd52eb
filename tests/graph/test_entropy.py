import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.graph.entropy import degrees, structural_entropy
from unions import complete, cycle, path, star, union, unions


def entropy(*graphs) -> np.ndarray:
    edge_index, offset = union(list(graphs))
    return structural_entropy(degrees(edge_index, offset[-1]), offset)


def slow(edge_index, offset) -> list[float]:
    """Eq. 5 as it is written, with Python numbers."""
    result = []
    for start, end in pairwise(offset):
        degree = [sum((a == v) + (b == v) for a, b in edge_index.T.tolist()) / 2 for v in range(start, end)]
        result.append(-sum(g / sum(degree) * math.log(g / sum(degree)) for g in degree if g))
    return result


def test_degrees_by_hand() -> None:
    # 0 - 1 - 2 with a self-loop at 2, and 3 -> 0 in one direction only.
    edge_index = np.array([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 2, 0]])
    assert degrees(edge_index, 5).tolist() == [1.5, 2, 2, 0.5, 0]


def test_by_hand() -> None:
    found = entropy(star(5), path(3), complete(4), cycle(7), path(2))
    # Star: the hub has half of the volume, each of 4 leaves an eighth: ln 2 / 2 + ln 8 / 2 = 2 ln 2.
    # Path of 3: 1/4, 1/2, 1/4: 1.5 ln 2. Regular graphs: ln n.
    expected = [2 * math.log(2), 1.5 * math.log(2), math.log(4), math.log(7), math.log(2)]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_without_volume_or_with_one_node() -> None:
    loop = (3, [(1, 1)])
    found = entropy((0, []), (4, []), path(2), (0, []), loop, (1, [(0, 0)] * 3), (0, []))
    assert found.tolist() == [0, 0, pytest.approx(math.log(2)), 0, 0, 0, 0]
    assert not np.signbit(found).any()
    assert structural_entropy(np.zeros(0), np.array([0])).shape == (0,)


@settings(max_examples=60, deadline=None)
@given(unions())
def test_against_the_slow_way(given_union) -> None:
    edge_index, offset = given_union
    found = structural_entropy(degrees(edge_index, offset[-1]), offset)
    np.testing.assert_allclose(found, slow(edge_index, offset), atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_laws(degree, random) -> None:
    def of(values) -> float:
        return float(structural_entropy(np.array(values, dtype=float), np.array([0, len(values)]))[0])

    shuffled = random.sample(degree, len(degree))
    assert of(shuffled) == pytest.approx(of(degree), abs=1e-12)
    assert of([3 * g for g in degree]) == pytest.approx(of(degree), abs=1e-12)
    assert -1e-12 <= of(degree) <= math.log(max(1, np.count_nonzero(degree))) + 1e-12
