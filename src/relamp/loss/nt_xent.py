"""Contrastive losses: NT-Xent between graphs and LAMP's local loss between nodes, one core for both."""

from typing import Literal

import torch
from torch import Tensor

from relamp.kernels.contrast import mean_contrast
from relamp.kernels.units import unit_rows

Directions = Literal["both", "one"]

# Similarities are shifted by their upper bound 1 / temperature before exp(), so nothing overflows; below this
# temperature the smallest term exp(-2 / temperature) would vanish in single precision.
MIN_TEMPERATURE = 0.025


def contrast(a: Tensor, b: Tensor, group: Tensor, temperature: float, directions: Directions = "both") -> Tensor:
    """Contrast row i of `a` with row i of `b` against all rows of `b` from other groups, by cosine similarity.

    The positive pair is not in the denominator (LAMP Eq. 3 and 20). Rows `[n, d]` that have no negative are left out;
    with no negatives at all the loss is 0. By nodes, and their graphs as groups `[n]`, which ascend, this is LAMP's
    local loss.

    "both" averages a against b and b against a ("two types of negative pairs"); "one" is a against b. Raises ValueError
    if the temperature is below MIN_TEMPERATURE.
    """
    a, b = units(a, b, temperature)
    return mean_contrast(a, b, group, temperature, directions == "both")


def units(a: Tensor, b: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Return rows `[n, d]` of length 1, whose products are cosines; raise ValueError for too low a temperature."""
    if temperature < MIN_TEMPERATURE:
        raise ValueError(f"temperature {temperature} is below {MIN_TEMPERATURE}, where single precision underflows")
    return unit_rows(a), unit_rows(b)


def nt_xent(z1: Tensor, z2: Tensor, temperature: float, directions: Directions = "both") -> Tensor:
    """Return the NT-Xent loss (LAMP Eq. 3) between two views `[G, d]` of the same graphs, averaged over graphs."""
    return contrast(z1, z2, torch.arange(len(z1), device=z1.device), temperature, directions)
