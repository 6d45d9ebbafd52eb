"""Pre-training on the nodes of one graph or several (M-Mix Section 3.3)."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from relamp.data.nodes import PARTS, PackedNodes
from relamp.data.packed import Integers, ranges
from relamp.errors import RelampError
from relamp.method.base import Loss, Method
from relamp.method.nodes import NodeBatch
from relamp.settings.nodes import NodePretraining
from relamp.train.trainer import Between, Pretrainer, nothing

# Of consecutive nodes in a step, as M-Mix's public code has it.
BLOCKS = 4


class NodeTrainer(Pretrainer[PackedNodes]):
    """Takes one step per epoch, on a fresh sample of nodes; perhaps it stops early.

    After an early stop the number of epochs done is that of all epochs, and the history shows where it stopped.
    Raises RelampError if the split that the settings need is missing.
    """

    settings_class, opened = NodePretraining, PackedNodes.load
    changes = ("lowest", "best", "final")

    def __init__(self, data: PackedNodes, method: Method, seed: int, device: torch.device | str = "cpu") -> None:
        super().__init__(data, method.on(data.name), seed, device)
        self.seen, self.num_seen = self.prepared, data.num_nodes
        if self.settings.inductive:
            part = take_graphs(data, _training_graphs(data))
            self.seen, self.num_seen = self.method.prepare(part, self.device), part.num_nodes
        self.kept = _split(data) if self.settings.keep == "split" else None
        self.lowest, self.final, self.best = float("inf"), 0, self._weights()

    def run_epoch(self, between: Between = nothing) -> None:
        """Take one step, unless the loss has long stopped falling: then the training is at its end."""
        patience, done = self.settings.patience, len(self.result.history)
        if patience is not None and done - self.final >= patience:
            self.epoch = self.settings.epochs
            return
        super().run_epoch(between)

    def samples(self) -> Integers:
        """Return the nodes `[n]` that are contrasted in a step, ascending; of several blocks, one after the other."""
        size, random = self.settings.sample_size, self.random.numpy
        if size >= self.num_seen:
            return np.arange(self.num_seen)
        if self.settings.sample == "random":
            return np.sort(random.choice(self.num_seen, size, replace=False))
        starts = random.integers(self.num_seen - size + 1, size=BLOCKS)
        return (starts[:, None] + np.arange(size)).reshape(-1)

    def pass_over(self, samples: Integers, between: Between = nothing) -> dict[str, float]:
        """Learn from the sampled nodes, in one step."""
        loss = self.step(samples)
        return {name: value.item() for name, value in {"loss": loss.total, **loss.parts}.items()}

    def batches(self) -> Iterator[Integers]:
        """Yield the sampled nodes, all at once."""
        yield self.drawn

    def loss(self, index: Integers) -> Loss:
        """Return the method's loss of the sampled nodes, or of all that training sees; of several blocks the mean."""
        size = self.settings.sample_size
        return _mean([self._loss(part) for part in np.split(index, range(size, len(index), size))])

    def _loss(self, index: Integers) -> Loss:
        sample = None if len(index) == self.num_seen else torch.from_numpy(index).to(self.device)
        return self.method.loss(self.encoder, self.head, NodeBatch(self.seen, sample), self.random)

    def descend(self, loss: Tensor, part: str | None = None) -> None:
        """Take one step; the weights before it are kept if their loss is the lowest."""
        done, value = len(self.result.history), loss.item()
        # The loss is that of the weights before the step, and so is what counts as the best epoch's.
        if part is None and self.settings.patience is not None and value < self.lowest:
            self.lowest, self.final, self.best = value, done, self._weights()
        super().descend(loss, part)

    def chunks(self) -> list[Integers]:
        """Return all nodes, which are embedded at once."""
        return [np.arange(self.data.num_nodes)]

    def batch(self, index: Integers) -> NodeBatch:
        """Return the whole graph."""
        return NodeBatch(self.prepared)

    def keep_checkpoint(self) -> None:
        """Keep the embeddings of this epoch if it is a checkpoint, and there are nodes to keep them of."""
        if self.kept is None or len(self.kept):
            super().keep_checkpoint()

    def finish(self) -> None:
        """Go back to the weights that count and keep their embeddings, of all nodes."""
        if self.settings.patience is None:
            self.final = self.epoch
        else:
            self.encoder.load_state_dict(self.best["encoder"])
            self.head.load_state_dict(self.best["head"])
        self.keep(self.final)
        self.result.final, self.result.kept = self.final, self.kept

    def _weights(self) -> dict[str, dict[str, torch.Tensor]]:
        """Return a copy of the weights as they are."""
        return copy.deepcopy({"encoder": self.encoder.state_dict(), "head": self.head.state_dict()})


def _mean(losses: Sequence[Loss]) -> Loss:
    """Return the mean of some losses, and of each of their parts."""
    if len(losses) == 1:
        return losses[0]
    parts = {name: torch.stack([loss.parts[name] for loss in losses]).mean() for name in losses[0].parts}
    return Loss(torch.stack([loss.total for loss in losses]).mean(), parts)


def take_graphs(data: PackedNodes, graphs: Integers) -> PackedNodes:
    """Return some graphs, ascending, as packed nodes of their own, without a split."""
    nodes = ranges(data.graph_offset, graphs)
    inside = np.zeros(data.num_nodes, dtype=bool)
    inside[nodes] = True
    number_of = np.cumsum(inside) - 1
    entries = ranges(data.feature_offset, nodes)
    none = np.zeros(0, dtype=np.int64)
    return replace(
        data,
        feature_offset=np.concatenate([[0], np.cumsum(np.diff(data.feature_offset)[nodes])]).astype(np.int64),
        feature_index=data.feature_index[entries],
        feature_value=None if data.feature_value is None else data.feature_value[entries],
        edge_index=number_of[data.edge_index[:, inside[data.edge_index[0]]]],
        y=data.y[nodes],
        train=none,
        valid=none,
        test=none,
        graph_offset=np.concatenate([[0], np.cumsum(np.diff(data.graph_offset)[graphs])]).astype(np.int64),
    )


def _training_graphs(data: PackedNodes) -> Integers:
    """Return the graphs that hold the public split's training nodes."""
    if not len(data.train):
        raise RelampError(f"{data.name}: has no public split, so no graphs to train on; leave out `inductive`")
    graphs: Integers = np.unique(data.graph_of_node()[data.train])
    return graphs


def _split(data: PackedNodes) -> torch.Tensor:
    """Return the nodes of the public split, ascending; none where there is no such split."""
    return torch.from_numpy(np.sort(np.concatenate([getattr(data, part) for part in PARTS])))
