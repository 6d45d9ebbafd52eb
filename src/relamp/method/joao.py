"""JOAO and JOAOv2: GraphCL whose augmentation is drawn by probabilities that the loss moves (You et al. 2021)."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import Integers, PackedGraphs
from relamp.loss.nt_xent import nt_xent
from relamp.method.augmented import augmented
from relamp.method.base import Loss, Randomness, Training
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder
from relamp.model.gin import mlp
from relamp.settings.graphs import Augmentation, GraphclOptions, Pretraining

# As the public code has them; the last one of its five leaves a graph as it is.
AUGMENTATIONS: tuple[Augmentation, ...] = ("node_drop", "edge_perturbation", "subgraph", "attribute_masking")
VIEWS = GraphclOptions(augmentations=AUGMENTATIONS, social_edges=False, strength=0.2, reading="code")
COUNT = len(AUGMENTATIONS) + 1


class JOAO(GraphMethod):
    """Contrast graphs as they are with views; after each epoch probabilities rise for the views that are hard.

    With several `heads` (JOAOv2) an epoch's view has the head of an augmentation that is drawn once an epoch, by the
    same probabilities, and the graphs as they are have the first. Which augmentation a graph gets does not follow it,
    in the public code either.

    Attributes:
        count: number of the augmentations, or of what else is drawn by probabilities.
    """

    count: ClassVar[int] = COUNT
    shares = True
    changes = ("number",)

    def __init__(self, settings: Pretraining, options: Mapping[str, Any] | None = None, heads: int = 1) -> None:
        super().__init__(settings, options)
        self.heads, self.number = heads, 0

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder, and the heads with the probabilities `[count]`, all equal."""
        drawn: Any = super().draw(data, generator)
        encoder, first = drawn
        further = (mlp([encoder.dim] * 3, generator, self.settings.initialisation) for _ in range(self.heads - 1))
        heads = nn.ModuleList([first, *further])
        heads.register_buffer("probability", torch.full((self.count,), 1 / self.count, dtype=torch.float64))
        return encoder, heads

    def start_epoch(self, training: Training) -> None:
        """Draw the head of the epoch's views."""
        if self.heads > 1:
            self.number = int(training.random.numpy.choice(self.count, p=_shares(training.head)))

    def loss(self, encoder: Encoder, head: Any, batch: Batch, random: Randomness) -> Loss:
        """Return NT-Xent between the graphs and their views."""
        graph = self.contrast(encoder, head, batch, random, _shares(head), self.number)
        return Loss(graph, {"graph": graph})

    def contrast(
        self,
        encoder: Encoder,
        head: Any,
        batch: Batch,
        random: Randomness,
        probability: NDArray[np.float64],
        number: int = 0,
    ) -> Tensor:
        """Return the same for augmentations of these probabilities `[5]`, and views through the head of a number."""
        choice = random.numpy.choice(COUNT, size=batch.num_graphs, p=probability)
        view = augmented(batch, VIEWS, encoder, random, choice)
        if len(view.x) < 2:
            view = batch  # batch normalisation has nothing to compare a single node with
        z, other = head[0](encoder(batch).graph), head[number](encoder(view).graph)
        return nt_xent(z, other, self.settings.temperature, self.settings.directions)

    def compared(self, batches: list[Integers]) -> list[Integers]:
        """Return the batches of an epoch by which augmentations are compared: the first fifth, and one more."""
        return batches[: len(batches) // COUNT + 1]

    def head_of(self, number: int) -> int:
        """Return by which head's number an augmentation is compared: by the first, whatever it is."""
        return 0

    @torch.no_grad()
    def end_epoch(self, training: Training) -> None:
        """Move the probabilities up the loss of each augmentation alone, over some of the epoch's batches."""
        # In training mode, as in the public code: these passes move the statistics of batch normalisation.
        first = self.compared(list(training.batches()))
        loss = np.zeros(self.count)
        for number, alone in enumerate(np.eye(self.count)):
            for index in first:
                seen = training.encoder, training.head, training.batch(index), training.random
                mean = self.contrast(*seen, alone, self.head_of(number))
                loss[number] += mean.item() * len(index) / sum(map(len, first))
        shares = _shares(training.head)
        moved = on_simplex(shares + loss - self.settings.joao.penalty * (shares - 1 / self.count))
        training.head.probability.copy_(torch.from_numpy(moved))


def on_simplex(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest vector `[k]` of probabilities, `max(v - mu, 0)` with the mu by which they add up to 1."""
    falling = np.sort(values)[::-1]
    mu = (np.cumsum(falling) - 1) / np.arange(1, len(values) + 1)
    # Of the entries that stay above 0 the last one gives mu.
    raised = np.maximum(values - mu[np.flatnonzero(falling > mu)[-1]], 0)
    shares: NDArray[np.float64] = raised / raised.sum()
    return shares


def _shares(head: Any) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = head.probability.cpu().numpy()
    return shares
