"""What a pre-training method is to training, in every domain."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from relamp.runtime.job import named


@dataclass(frozen=True)
class Randomness:
    """The generators a method draws from; training saves and restores their states."""

    numpy: np.random.Generator
    torch: torch.Generator


@dataclass(frozen=True)
class Loss:
    """A batch's loss.

    Attributes:
        total: the minimised scalar.
        parts: named terms before weighting, for the history.
    """

    total: Tensor
    parts: dict[str, Tensor] = field(default_factory=dict)


class Method:
    """A pre-training method. It holds settings and no weights: encoder and head are drawn, trained and passed back.

    Each domain has a base class which brings everything but the loss: `relamp.method.graphs.GraphMethod`,
    `relamp.method.nodes.NodeMethod` and `relamp.method.images.ImageMethod`. A new method is one file with such a class
    and one line in `relamp.method.table`.

    Attributes:
        settings: the domain's training settings; a method may override some.
        terms: names of the loss's parts where they are always the same; the history of an untrained control has these
            columns too.
    """

    settings: Any
    terms: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def on(self, dataset: str) -> "Method":
        """Return the method as it is on a data set, by its name: this one, unless its settings follow the data."""
        return self

    def prepare(self, data: Any, device: torch.device) -> Any:
        """Return what a data set gives once, before training: it becomes part of every batch."""
        return None

    def draw(self, data: Any, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return a freshly drawn encoder, which is stored, and a head, which is dropped after training."""
        raise NotImplementedError

    def start_epoch(self, encoder: Any) -> None:
        """Prepare an epoch from the latest encoder."""

    def loss(self, encoder: Any, head: Any, batch: Any, random: Randomness) -> Loss:
        """Return the loss of one batch, drawing from `random` alone."""
        raise NotImplementedError(f"{type(self).__name__} has no loss: it is a control, which is not trained")

    def embed(self, encoder: Any, head: Any, batch: Any, random: torch.Generator) -> Mapping[str, Tensor]:
        """Return the embeddings `[n, d]` of a batch in evaluation mode by branch; the only branch is called ""."""
        raise NotImplementedError


def build(method: Mapping[str, Any], settings: Any) -> Method:
    """Return the method which a job knows as `maker` ("module:class") and `options`, made with its settings.

    A method that is not trained (`trains` is False) has settings of no epochs.
    """
    made: Method = named(method["maker"])(settings, **method["options"])
    if not method["trains"]:
        made.settings = made.settings.model_copy(update={"epochs": 0, "checkpoints": (0,)})
    return made
