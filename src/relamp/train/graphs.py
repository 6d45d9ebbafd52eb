"""Pre-training: one loop for all methods (LAMP Algorithm 1)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from relamp.data.batch import Batch, collate, with_self_loops
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import Integers, PackedGraphs, ranges
from relamp.method.base import Method, OwnEncoder, Randomness
from relamp.model.build import build_encoder
from relamp.model.embeddings import Encoder
from relamp.model.heads import projection_head
from relamp.settings.graphs import Pretraining
from relamp.train.loop import Resume, run_epochs


@dataclass
class Trained:
    """What pre-training leaves behind.

    Attributes:
        encoder: weights and buffers of the last epoch, by name.
        embeddings: graph embeddings `[G, D]` by checkpoint epoch.
        history: one row an epoch: epoch and mean losses.
    """

    encoder: dict[str, Tensor] = field(default_factory=dict)
    embeddings: dict[int, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)


def batches(count: int, size: int, order: Integers) -> Iterator[Integers]:
    """Cut an order of `count` things into batches; a last batch of one joins its neighbour: it has no negatives."""
    starts = list(range(0, count, size))
    if len(starts) > 1 and count - starts[-1] == 1:
        starts.pop()
    for start, end in zip(starts, [*starts[1:], count], strict=True):
        yield order[start:end]


def settings_of(method: Method, settings: Pretraining) -> Pretraining:
    """Return what a method is trained by: the given settings, or those that it brings with its own encoder."""
    return method.settings if isinstance(method, OwnEncoder) else settings


def features_of(method: Method, data: PackedGraphs | PackedCorpus) -> NDArray[np.float32] | None:
    """Return what a method's own encoder sees of the nodes, or None where it is the batch itself."""
    return method.features(data) if isinstance(method, OwnEncoder) else None


def draw_encoder(
    data: PackedGraphs | PackedCorpus, method: Method, settings: Pretraining, generator: torch.Generator
) -> tuple[Encoder, nn.Module]:
    """Return a freshly drawn encoder and head: the method's own, or those that fit the data."""
    if isinstance(method, OwnEncoder):
        return method.draw(data, generator)
    encoder = build_encoder(data, settings.hidden, settings.layers, generator)
    return encoder, projection_head(encoder.dim, generator)


def load_batch(
    data: PackedGraphs | PackedCorpus,
    index: Integers,
    settings: Pretraining,
    device: torch.device,
    features: NDArray[np.float32] | None = None,
) -> Batch:
    """Return the graphs of `index` as the encoder is to see them, with their rows of `features` `[N, d]`, if any."""
    batch = collate(data, index)
    if features is not None:
        batch = replace(batch, features=torch.from_numpy(features[ranges(data.node_offset, index)]))
    if settings.self_loops != "none":
        batch = with_self_loops(batch, but_last=settings.self_loops == "all-but-last")
    return batch.to(device)


class Pretrainer:
    """Everything a training run changes while it goes on: weights, optimiser, generators, results so far."""

    def __init__(
        self, data: PackedGraphs | PackedCorpus, method: Method, settings: Pretraining, seed: int, device: torch.device
    ):
        """Draw the encoder, its head and the order of the graphs from the seed."""
        self.data, self.method, self.settings, self.device = data, method, settings, device
        self.features = features_of(method, data)
        weights = torch.Generator().manual_seed(seed)
        self.random = Randomness(np.random.default_rng(seed), torch.Generator(device).manual_seed(seed + 1))
        encoder, head = draw_encoder(data, method, settings, weights)
        self.encoder, self.head = encoder.to(device), head.to(device)
        parameters = [*self.encoder.parameters(), *self.head.parameters()]
        # foreach on CPU gains nothing and the plain loop's order of operations is the same on every machine.
        self.optimiser = torch.optim.Adam(parameters, lr=settings.learning_rate, foreach=False)
        self.order = self.random.numpy.permutation(len(data))
        self.epoch = 0
        self.result = Trained()
        self._keep_checkpoint()

    def run_epoch(self) -> None:
        """Take one pass over the data and write down the mean losses."""
        if self.settings.shuffle == "epoch":
            self.order = self.random.numpy.permutation(len(self.data))
        self.encoder.train()
        self.method.start_epoch(self.encoder)
        sums: dict[str, float] = {}
        for index in batches(len(self.data), self.settings.batch_size, self.order):
            batch = load_batch(self.data, index, self.settings, self.device, self.features)
            loss = self.method.loss(self.encoder, self.head, batch, self.random)
            self.optimiser.zero_grad()
            loss.total.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            for name, value in {"loss": loss.total, **loss.parts}.items():
                sums[name] = sums.get(name, 0.0) + value.item() * len(index)
        self.epoch += 1
        self.result.history.append({"epoch": self.epoch, **{k: v / len(self.data) for k, v in sums.items()}})
        self._keep_checkpoint()

    def _keep_checkpoint(self) -> None:
        """Keep the embeddings of this epoch if they are wanted."""
        if self.epoch in self.settings.checkpoints:
            made = embed(self.encoder, self.data, self.settings, self.device, self.features)
            self.result.embeddings[self.epoch] = made

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on to the same final bits."""
        return {
            "epoch": self.epoch,
            "encoder": self.encoder.state_dict(),
            "head": self.head.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "order": torch.from_numpy(self.order),
            "numpy": self.random.numpy.bit_generator.state,
            "torch": self.random.torch.get_state(),
            "embeddings": self.result.embeddings,
            "history": self.result.history,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a saved state."""
        self.epoch = state["epoch"]
        self.encoder.load_state_dict(state["encoder"])
        self.head.load_state_dict(state["head"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.order = state["order"].numpy()
        self.random.numpy.bit_generator.state = state["numpy"]
        self.random.torch.set_state(state["torch"])
        self.result.embeddings, self.result.history = state["embeddings"], state["history"]


def pretrain(
    data: PackedGraphs | PackedCorpus,
    method: Method,
    settings: Pretraining,
    seed: int,
    *,
    device: torch.device | str = "cpu",
    resume: Resume | None = None,
    on_epoch: Callable[[int], None] = lambda _: None,
) -> Trained:
    """Train a freshly drawn encoder on all graphs without their labels.

    The same arguments on the same machine give the same bits, also through a stop and a resumption.

    Args:
        data: the graphs.
        method: what gives the loss.
        settings: epochs, batches, learning rate and shape of the encoder; a method with an encoder of its own may
            lay settings of its own over them.
        seed: of weights, order and every draw.
        device: where to train.
        resume: where to save the state and to look for an earlier one.
        on_epoch: see `relamp.train.loop.run_epochs`.
    """
    settings = settings_of(method, settings)
    trainer = Pretrainer(data, method, settings, seed, torch.device(device))
    run_epochs(trainer, settings.epochs, resume, on_epoch)
    trainer.result.encoder = {name: value.cpu() for name, value in trainer.encoder.state_dict().items()}
    return trainer.result


@torch.no_grad()
def embed(
    encoder: Encoder,
    data: PackedGraphs | PackedCorpus,
    settings: Pretraining,
    device: torch.device | str = "cpu",
    features: NDArray[np.float32] | None = None,
) -> Tensor:
    """Return the graph embeddings `[G, D]` of a data set in evaluation mode, on the CPU; see `features_of`."""
    training = encoder.training
    encoder.eval()
    chunks = np.split(np.arange(len(data)), range(settings.batch_size, len(data), settings.batch_size))
    loaded = (load_batch(data, index, settings, torch.device(device), features) for index in chunks)
    parts = [encoder(batch).graph.cpu() for batch in loaded]
    encoder.train(training)
    return torch.cat(parts)
