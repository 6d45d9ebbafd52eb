"""What a pre-training method is to the training loop."""

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.model.embeddings import Encoder
from relamp.settings.graphs import Pretraining


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


@runtime_checkable
class OwnEncoder(Protocol):
    """What a method offers besides if it trains an encoder of its own instead of the one that the data call for.

    Attributes:
        settings: what it is trained by: the given settings with those of its own laid over.
    """

    settings: Pretraining

    def features(self, data: PackedGraphs | PackedCorpus) -> NDArray[np.float32]:
        """Return what the encoder sees of the nodes, `[N, d]`, computed once: `features` of every batch."""

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[Encoder, nn.Module]:
        """Return a freshly drawn encoder and head."""
