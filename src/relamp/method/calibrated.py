"""An untrained encoder whose batch normalisation knows the data: what statistics do alone, without any learning."""

from typing import Any

import torch

from relamp.data.batch import Batch
from relamp.data.packed import Integers
from relamp.method.base import Loss, Randomness, Training
from relamp.method.graphs import GraphMethod


class Calibrated(GraphMethod):
    """Passes over the graphs as in training, by which running statistics move, and takes no step.

    Graphs are embedded by running statistics, as in GraphCL's public code. Those of an encoder as it was drawn are mean
    0 and variance 1, whatever the data: what a trained encoder is above it is not by learning alone.
    """

    shares = True

    def step(self, training: Training, index: Integers) -> Loss:
        """Pass over a batch of graphs `[b]`."""
        return training.loss(index)

    @torch.no_grad()
    def loss(self, encoder: Any, head: Any, batch: Batch, random: Randomness) -> Loss:
        """Return 0, having shown the batch to the encoder."""
        return Loss(encoder(batch).graph.new_zeros(()))
