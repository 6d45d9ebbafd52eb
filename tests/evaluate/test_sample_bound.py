import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relamp.evaluate.sample_bound import is_assumed, largest_dimension, needed_samples


def test_by_hand() -> None:
    # log 8 + 2 log e - log 1, at N = 1.
    assert needed_samples(1, np.e, failure=1) == pytest.approx(np.log(8) + 2)
    assert needed_samples(100, 256) == pytest.approx(1.947337 + 11.090355 + 2.995732, abs=1e-5)
    assert is_assumed([100, 256, 300], 256).tolist() == [True, False, False]


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 5000), st.floats(1, 500))
def test_at_the_largest_dimension_the_condition_is_an_equality(samples: int, ratio: float) -> None:
    dimension = largest_dimension(samples, ratio)
    if np.isfinite(dimension):
        assert ratio * needed_samples(samples, dimension) == pytest.approx(samples, rel=1e-9)
        assert ratio * needed_samples(samples, dimension * 1.1) > samples


def test_a_dimension_too_large_to_be_a_number_is_infinite() -> None:
    assert np.isinf(largest_dimension(1e6, 1.0))


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 5000), st.integers(1, 5000), st.integers(2, 10))
def test_a_dimension_squared_needs_twice_as_much_of_the_logarithm(samples: int, dimension: int, times: int) -> None:
    more = needed_samples(samples, dimension * times) - needed_samples(samples, dimension)
    assert more == pytest.approx(2 * np.log(times))
