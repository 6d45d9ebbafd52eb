"""Vectors of the graphs or nodes of one data set, in the place of an encoder."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


class Vectors(nn.Module):
    """Vectors `[n, d]` of which none is trained further."""

    def __init__(self, z: NDArray[np.float32]) -> None:
        super().__init__()
        self.register_buffer("z", torch.from_numpy(z))


def seed_of(generator: torch.Generator) -> int:
    """Return a number to seed another library's generator with."""
    return int(torch.randint(2**31, (1,), generator=generator))
