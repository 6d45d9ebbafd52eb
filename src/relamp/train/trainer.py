"""What a training changes while it runs, in every domain, and how that is saved and restored."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from relamp.data.packed import Integers
from relamp.data.streams import stream, stream_number
from relamp.errors import RelampError
from relamp.kernels.precision import in_bfloat16
from relamp.kernels.shares import add_gradients, processes
from relamp.method.base import Loss, Method, Randomness
from relamp.model.embeddings import Encoder
from relamp.runtime.environment import PROCESSES, precision
from relamp.runtime.made import Made
from relamp.train.adam import Adam
from relamp.train.loop import Resume, run_epochs

Data = TypeVar("Data")
Between = Callable[[], None]


def nothing() -> None:
    """Do nothing between two batches."""


@dataclass
class Trained:
    """What training leaves behind.

    Attributes:
        encoder: weights and buffers that count, by name.
        embeddings: `[n, d]`, by the names of `embedding_name`.
        history: one row per epoch: epoch, mean loss and its parts before weighting.
        final: on nodes the epoch whose weights count: the one of the lowest loss with early stopping, else the last.
        kept: nodes of the checkpoints' embeddings, ascending; None for all.
        tables: further rows by name.
        parameters: how many numbers are trained, by encoder, head and further parts.
        made: what has worked on it, see `relamp.runtime.made`.
    """

    encoder: dict[str, Tensor] = field(default_factory=dict)
    embeddings: dict[str, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    final: int | None = None
    kept: Tensor | None = None
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    parameters: dict[str, int] = field(default_factory=dict)
    made: Made = field(default_factory=list)


def embedding_name(epoch: int, branch: str = "") -> str:
    """Return the name in files of the embeddings after an epoch; the only branch has no name."""
    return f"epoch~{epoch}_branch~{branch}" if branch else f"epoch~{epoch}"


def batches(order: Integers, size: int) -> Iterator[Integers]:
    """Cut some numbers `[n]` into batches; a last batch of one joins its neighbour: it has no negatives."""
    starts = list(range(0, len(order), size))
    if len(starts) > 1 and len(order) - starts[-1] == 1:
        starts.pop()
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        yield order[start:end]


class Trainer(ABC, Generic[Data]):
    """A training under way: encoder, head, further parts, optimisers, generators and results, drawn from one seed.

    The same arguments on the same machine give the same bits, also through a kill and a resumption. Settings have
    `epochs`, `batch_size`, `learning_rate`, `checkpoints` and perhaps `weight_decay`.
    """

    # Further attributes that training changes: numbers, tensors and containers of them.
    changes: ClassVar[tuple[str, ...]] = ()
    # The rows of embeddings that checkpoints keep; None for all.
    kept: Tensor | None = None

    def __init__(self, data: Data, settings: Any, seed: int, device: torch.device | str = "cpu") -> None:
        self.data, self.settings, self.seed, self.device = data, settings, seed, torch.device(device)
        self.random = Randomness(stream(seed, "samples"), self._stream("training", self.device))
        weights, decay = self._stream("weights"), getattr(settings, "weight_decay", 0.0)
        drawn = self.draw(weights)
        # Any: what these are is known to the method alone.
        self.encoder: Any = drawn[0].to(self.device)
        self.head: Any = drawn[1].to(self.device)
        parameters = [*self.encoder.parameters(), *self.head.parameters()]
        self.optimiser = Adam(parameters, settings.learning_rate, decay)
        # Drawn last, so that encoder and head are those of a method without further parts.
        self.parts: Any = nn.ModuleDict(self.further(weights)).to(self.device)
        self.optimisers = {
            name: Adam(part.parameters(), self.learning_rate(name), decay) for name, part in self.parts.items()
        }
        self.epoch, self.result = 0, Trained()
        # How many of the samples drawn for the present epoch are done, and the sums of their losses.
        self.done, self.sums = 0, dict[str, float]()
        self.drawn: Integers = np.zeros(0, dtype=np.int64)

    @abstractmethod
    def draw(self, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return a freshly drawn encoder and head."""

    def further(self, generator: torch.Generator) -> Mapping[str, nn.Module]:
        """Return freshly drawn modules that have an optimiser of their own, by name."""
        return {}

    def learning_rate(self, part: str) -> float:
        """Return the learning rate of one of them."""
        rate: float = self.settings.learning_rate
        return rate

    @abstractmethod
    def samples(self) -> Integers:
        """Return what an epoch passes over `[n]`, in its order."""

    @abstractmethod
    def loss(self, index: Integers) -> Loss:
        """Return the loss of a batch of samples `[b]`."""

    @abstractmethod
    def embed(self) -> Mapping[str, Tensor]:
        """Return the embeddings `[n, d]` of the weights as they are, by branch, on the CPU."""

    def _stream(self, purpose: str, device: torch.device | str = "cpu") -> torch.Generator:
        """Return the generator of a purpose."""
        return torch.Generator(device).manual_seed(stream_number(self.seed, purpose))

    def run(self, resume: Resume | None = None, on_epoch: Callable[[int], None] = lambda _: None) -> Trained:
        """Train all epochs and return the result; `resume` and `on_epoch` as in `relamp.train.loop.run_epochs`."""
        if precision() == "bfloat16":
            for module in (self.encoder, self.head, self.parts):
                in_bfloat16(module)
        self.keep_checkpoint()
        made = run_epochs(self, self.settings.epochs, resume, on_epoch)
        self.finish()
        self.result.made = made
        trained = {"encoder": self.encoder, "head": self.head, **self.parts}
        self.result.parameters = {name: sum(p.numel() for p in each.parameters()) for name, each in trained.items()}
        self.result.encoder = {name: value.cpu() for name, value in self.encoder.state_dict().items()}
        return self.result

    def run_epoch(self, between: Between = nothing) -> None:
        """Take one pass over the samples, or what is left of one, count it and record the mean losses.

        Raises RelampError if the training has diverged, see `_must_be_finite`.
        """
        self.mode(training=True)
        if not self.done:
            self.drawn = self.samples()
            self.start_epoch()
        losses = self.pass_over(self.drawn, between)
        self._must_be_finite(losses["loss"])
        self.end_epoch()
        self.epoch += 1
        self.result.history.append({"epoch": self.epoch, **losses})
        self.keep_checkpoint()

    def _must_be_finite(self, loss: float) -> None:
        """Raise RelampError if the mean loss of an epoch or a weight of the encoder after it is not a finite number."""
        # The loss alone does not tell: of vectors that have overflowed a cosine may be 0.
        if not (math.isfinite(loss) and all(value.isfinite().all() for value in self.encoder.state_dict().values())):
            raise RelampError(f"epoch {self.epoch + 1}: loss or weights are no longer finite; lower the learning rate")

    def start_epoch(self) -> None:
        """Prepare an epoch."""

    def end_epoch(self) -> None:
        """Conclude an epoch."""

    def batches(self) -> Iterator[Integers]:
        """Yield the samples of each batch of the present epoch."""
        return batches(self.drawn, self.settings.batch_size)

    def pass_over(self, samples: Integers, between: Between = nothing) -> dict[str, float]:
        """Learn from each batch of the samples that is not done; return the means of the loss and its parts over all.

        `between` is called between two batches.
        """
        for index in batches(samples[self.done :], self.settings.batch_size):
            if self.done:
                between()
            loss = self.step(index)
            for name, value in {"loss": loss.total, **loss.parts}.items():
                self.sums[name] = self.sums.get(name, 0.0) + value.item() * len(index)
            self.done += len(index)
        means = {name: total / len(samples) for name, total in self.sums.items()}
        self.done, self.sums = 0, {}
        return means

    def step(self, index: Integers) -> Loss:
        """Learn from a batch of samples `[b]`; return its loss."""
        loss = self.loss(index)
        self.descend(loss.total)
        return loss

    def descend(self, loss: Tensor, part: str | None = None) -> None:
        """Take one step of encoder and head, or of a part."""
        optimiser = self.optimiser if part is None else self.optimisers[part]
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if processes() > 1:
            modules = [each for whole in (self.encoder, self.head, self.parts) for each in whole.modules()]
            encoders = [each for each in modules if isinstance(each, Encoder)]
            add_gradients(optimiser.parameters, {weight for each in encoders for weight in each.parameters()})
        optimiser.step()

    def keep_checkpoint(self) -> None:
        """Keep the embeddings of this epoch if it is a checkpoint."""
        if self.epoch in self.settings.checkpoints:
            self.keep(self.epoch, self.kept)

    def keep(self, epoch: int, rows: Tensor | None = None) -> None:
        """Keep these rows of the present embeddings as those of an epoch; None is all."""
        for branch, z in self.embed().items():
            self.result.embeddings[embedding_name(epoch, branch)] = z if rows is None else z[rows]

    def finish(self) -> None:
        """Complete the result after the last epoch."""

    def mode(self, *, training: bool) -> None:
        """Choose between training and evaluation."""
        for module in (self.encoder, self.head, self.parts):
            module.train(training)

    def state(self) -> dict[str, Any]:
        """Return all that is needed to come to the same final bits."""
        return {
            "epoch": self.epoch,
            "encoder": self.encoder.state_dict(),
            "head": self.head.state_dict(),
            "parts": self.parts.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "optimisers": {name: each.state_dict() for name, each in self.optimisers.items()},
            "numpy": self.random.numpy.bit_generator.state,
            "torch": self.random.torch.get_state(),
            "embeddings": self.result.embeddings,
            "history": self.result.history,
            "changes": {name: getattr(self, name) for name in self.changes},
            "within": self.within() if self.done else None,
        }

    def within(self) -> dict[str, Any]:
        """Return what an epoch that is under way needs besides."""
        return {"done": self.done, "sums": self.sums, "drawn": torch.from_numpy(self.drawn)}

    def restore_within(self, state: dict[str, Any]) -> None:
        """Go back to a saved state within an epoch."""
        self.done, self.sums, self.drawn = state["done"], state["sums"], state["drawn"].numpy()

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a saved state."""
        self.epoch = state["epoch"]
        for name in ("encoder", "head", "parts", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        for name, each in self.optimisers.items():
            each.load_state_dict(state["optimisers"][name])
        self.random.numpy.bit_generator.state = state["numpy"]
        self.random.torch.set_state(state["torch"])
        self.result.embeddings, self.result.history = state["embeddings"], state["history"]
        for name, value in state["changes"].items():
            setattr(self, name, value)
        # A state of an earlier version is one after an epoch.
        if within := state.get("within"):
            self.restore_within(within)


class Pretrainer(Trainer[Data]):
    """Pre-training by a method, which brings all but the data; a domain adds `opened`, `samples` and `batch`."""

    settings_class: ClassVar[type]

    def __init__(self, data: Data, method: Method, seed: int, device: torch.device | str = "cpu") -> None:
        if processes() > 1 and method.settings.epochs and not method.shares:
            name = type(method).__name__
            raise RelampError(f"{name}: cannot be trained by several processes; train it with {PROCESSES}=1")
        self.method = method
        self.prepared = method.prepare(data, torch.device(device))
        super().__init__(data, method.settings, seed, device)

    @abstractmethod
    def batch(self, index: Integers) -> Any:
        """Return the batch of some samples `[b]`, as the method is to see it."""

    def draw(self, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the method's encoder and head."""
        return self.method.draw(self.data, generator)

    def further(self, generator: torch.Generator) -> Mapping[str, nn.Module]:
        """Return the method's further parts."""
        return self.method.parts(self.data, generator)

    def learning_rate(self, part: str) -> float:
        """Return the method's learning rate of a part."""
        return self.method.learning_rate(part)

    def start_epoch(self) -> None:
        """Let the method prepare the epoch."""
        self.method.start_epoch(self)

    def step(self, index: Integers) -> Loss:
        """Let the method learn from a batch."""
        return self.method.step(self, index)

    def end_epoch(self) -> None:
        """Let the method conclude the epoch."""
        self.method.end_epoch(self)

    def within(self) -> dict[str, Any]:
        """Return what an epoch that is under way needs besides, what the method prepared for it included."""
        return {**super().within(), "method": {name: getattr(self.method, name) for name in self.method.changes}}

    def restore_within(self, state: dict[str, Any]) -> None:
        """Go back to a saved state within an epoch."""
        super().restore_within(state)
        for name, value in state["method"].items():
            setattr(self.method, name, value)

    def loss(self, index: Integers) -> Loss:
        """Return the method's loss of a batch."""
        return self.method.loss(self.encoder, self.head, self.batch(index), self.random)

    def chunks(self) -> list[Integers]:
        """Return what is embedded together: all samples in their order, some at a time."""
        every, size = np.arange(len(self.data)), self.settings.batch_size  # type: ignore[arg-type]
        return np.split(every, range(size, len(every), size))

    @torch.no_grad()
    def embed(self) -> dict[str, Tensor]:
        """Return the embeddings of all samples `[n, d]` by branch, in evaluation mode, on the CPU."""
        self.mode(training=False)
        # A generator of its own: what is drawn for embeddings must not change the training.
        random = self._stream("embedding", self.device)
        parts = [self.method.embed(self.encoder, self.head, self.batch(index), random) for index in self.chunks()]
        return {branch: torch.cat([part[branch].cpu() for part in parts]) for branch in parts[0]}
