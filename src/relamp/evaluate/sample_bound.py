"""The relation of sample size and output dimension in M-Mix's Theorem 3.2."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
FAILURE = 0.05  # delta: the theorem leaves it free, and it enters by its logarithm only


def needed_samples(samples: ArrayLike, dimension: ArrayLike, failure: float = FAILURE) -> Floats:
    """Return `log(7 + 1/N) + 2 log F' - log delta`, which N must exceed `mu^2 / C` times (Eq. 12).

    N samples are contrasted in a step, F' is the dimension of the output and delta the chance of failure. The theorem
    names no values of mu, C and delta. It supposes F' > N, see `is_assumed`, and bounds N from below; a best dimension
    does not follow from it.
    """
    n, f = np.asarray(samples, dtype=np.float64), np.asarray(dimension, dtype=np.float64)
    return np.asarray(np.log(7 + 1 / n) + 2 * np.log(f) - np.log(failure))


def largest_dimension(samples: ArrayLike, ratio: float, failure: float = FAILURE) -> Floats:
    """Return the F' at which Eq. 12 is an equality, `N = ratio * needed_samples(N, F')` with the ratio `mu^2 / C`."""
    n = np.asarray(samples, dtype=np.float64)
    with np.errstate(over="ignore"):
        dimension: Floats = np.exp((n / ratio - np.log(7 + 1 / n) + np.log(failure)) / 2)
    return dimension


def is_assumed(samples: ArrayLike, dimension: ArrayLike) -> NDArray[np.bool_]:
    """Return where the theorem says anything: at `F' > N`."""
    return np.asarray(dimension) > np.asarray(samples)
