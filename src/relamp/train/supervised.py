"""A step of models that are trained on labels."""

import torch
from torch import Tensor

from relamp.errors import RelampError
from relamp.train.adam import Adam


def descend(loss: Tensor, named: str, *optimisers: Adam) -> None:
    """Take one step down a loss `[]`; raises RelampError, which names it, if it is not finite."""
    if not torch.isfinite(loss):
        raise RelampError(f"{named} is {loss.item()}")
    for optimiser in optimisers:
        optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    for optimiser in optimisers:
        optimiser.step()
