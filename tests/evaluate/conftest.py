"""What tests of evaluations draw from."""

import numpy as np
import pytest


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of each test's own: what it draws must not depend on which tests ran before it."""
    return np.random.default_rng(0)
