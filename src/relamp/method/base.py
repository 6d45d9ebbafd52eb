"""What a pre-training method is to the training loop."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.model.embeddings import Encoder


@dataclass(frozen=True)
class Randomness:
    """The generators a method draws from; the training loop saves and restores their states."""

    numpy: np.random.Generator
    torch: torch.Generator


@dataclass(frozen=True)
class Loss:
    """A batch's loss.

    Attributes:
        total: what is minimised.
        parts: named terms before weighting, for the history.
    """

    total: Tensor
    parts: dict[str, Tensor] = field(default_factory=dict)


class Method(Protocol):
    """A pre-training method: a new one is one file with this protocol, and one line in `relamp.method.table`."""

    def start_epoch(self, encoder: Encoder) -> None:
        """Prepare an epoch from the latest encoder."""

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return the loss of one batch."""
