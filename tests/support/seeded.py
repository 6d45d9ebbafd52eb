"""Generators by their seeds."""

import numpy as np
import torch

from relamp.method.base import Randomness


def gen(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def randomness(seed: int = 0) -> Randomness:
    return Randomness(np.random.default_rng(seed), gen(seed))
