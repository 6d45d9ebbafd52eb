"""Independent random streams, derived by name from the seed of a run.

The seed alone, or the next number, would serve several purposes with the same draws: the weights of one run would come
from the stream that trains another, and outer and inner folds would be shuffled alike.
"""

from hashlib import sha256

import numpy as np


def stream(seed: int, *purpose: str | int) -> np.random.Generator:
    """Return the generator of a purpose, such as `stream(seed, "split", run)`, whatever else the seed serves."""
    return np.random.default_rng(_sequence(seed, purpose))


def stream_number(seed: int, *purpose: str | int) -> int:
    """Return a 32-bit number to seed another library's generator for a purpose with."""
    return int(_sequence(seed, purpose).generate_state(1)[0])


def _sequence(seed: int, purpose: tuple[str | int, ...]) -> np.random.SeedSequence:
    words = np.frombuffer(sha256(repr(purpose).encode()).digest(), dtype="<u4")
    return np.random.SeedSequence(seed, spawn_key=tuple(map(int, words)))
