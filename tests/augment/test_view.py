from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.augment.view import Union, choose, first_of_each
from relamp.data.packed import rank_within
from unions import assert_frequencies, path, union


def test_rank_within_by_hand() -> None:
    assert rank_within(np.array([2, 0, 3, 1])).tolist() == [0, 1, 0, 1, 2, 0]
    assert rank_within(np.array([], dtype=np.int64)).tolist() == []


def test_first_of_each_by_hand() -> None:
    group = np.array([1, 0, 1, 0, 1])
    order = np.array([3, 1, 4, 0, 2])
    assert first_of_each(order, group, np.array([1, 2, 5])).tolist() == [3, 4, 0]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 4), max_size=40), st.lists(st.integers(0, 12), min_size=5, max_size=5))
def test_choose_draws_the_right_number_of_each_group(group, count) -> None:
    group, count = np.array(group, dtype=np.int64), np.array(count)
    drawn = choose(group, count, np.random.default_rng(0))
    assert len(set(drawn.tolist())) == len(drawn)
    assert np.array_equal(group[drawn], np.sort(group[drawn]))
    sizes = np.bincount(group, minlength=5)
    assert np.array_equal(np.bincount(group[drawn], minlength=5), np.minimum(sizes, count))


def test_choose_is_uniform_over_ordered_draws() -> None:
    draws = 12_000
    drawn = choose(np.repeat(np.arange(draws), 4), np.full(draws, 2), np.random.default_rng(1))
    counted = Counter(tuple((pair % 4).tolist()) for pair in drawn.reshape(draws, 2))
    expected = {order: 1 / 12 for pair in combinations(range(4), 2) for order in (pair, pair[::-1])}
    assert_frequencies(counted, expected, draws)


@pytest.mark.parametrize(("strength", "divisor"), [(0.1, 10), (0.2, 5), (0.5, 2)])
def test_shares_are_those_of_integer_division(strength, divisor) -> None:
    # GraphCL's code says int(n / 10) where this says int(n * 0.1).
    edge_index, offset = union([path(2)])
    shares = Union.of(edge_index, offset, strength).share(np.arange(100_000))
    assert np.array_equal(shares, np.arange(100_000) // divisor)
