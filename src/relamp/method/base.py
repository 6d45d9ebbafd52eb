"""What a pre-training method is to training, in every domain."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from relamp.data.packed import Integers
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


class Training(Protocol):
    """What a method sees of a training: all that is here is saved, and restored to the same bits.

    Attributes:
        encoder, head: of `Method.draw`, which share an optimiser.
        parts: of `Method.parts`, by name, each with an optimiser of its own.
        random: what is drawn from.
        epoch: how many epochs are done.
    """

    encoder: Any
    head: Any
    epoch: int
    parts: Mapping[str, Any]
    random: Randomness

    def batches(self) -> Iterator[Integers]:
        """Yield the samples `[b]` of each batch of the present epoch, in its order."""

    def chunks(self) -> list[Integers]:
        """Return all samples in the order of the data, some at a time."""

    def batch(self, index: Integers) -> Any:
        """Return the batch of some samples `[b]`."""

    def loss(self, index: Integers) -> Loss:
        """Return the method's loss of some samples `[b]`."""

    def descend(self, loss: Tensor, part: str | None = None) -> None:
        """Take one step of encoder and head, or of a part, down a loss `[]`."""


class Method:
    """A pre-training method. It holds settings and no weights: encoder and head are drawn, trained and passed back.

    What is trained besides is named by `parts`; what changes without being trained, as a vector of probabilities does,
    is a buffer of one of these modules.

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
    # Whether several processes may train together: it sees nodes and graphs by `relamp.model.embeddings.Encoder` alone,
    # and of what that returns `graph`, `layers` and `node`.
    shares: ClassVar[bool] = False
    # What `start_epoch` sets: numbers, tensors and mappings of them, which a state within an epoch holds.
    changes: ClassVar[tuple[str, ...]] = ()

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

    def parts(self, data: Any, generator: torch.Generator) -> Mapping[str, nn.Module]:
        """Return further modules by name, freshly drawn, which are dropped after training as the head is."""
        return {}

    def learning_rate(self, part: str) -> float:
        """Return the learning rate of a part: that of the settings, unless the method has another."""
        rate: float = self.settings.learning_rate
        return rate

    def start_epoch(self, training: Training) -> None:
        """Prepare an epoch, perhaps by a pass over the data; attributes that it sets stand in `changes`."""

    def step(self, training: Training, index: Integers) -> Loss:
        """Learn from a batch of samples `[b]`, in training mode, by one or several steps; return its loss."""
        loss = training.loss(index)
        training.descend(loss.total)
        return loss

    def end_epoch(self, training: Training) -> None:
        """Conclude an epoch, perhaps by a pass over the data."""

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
