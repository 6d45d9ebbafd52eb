"""A small GIN that gives each node some numbers, by which a method weighs or drops it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.kernels.normalise import normalise
from relamp.kernels.segments import neighbour_sum
from relamp.model.embeddings import Encoder, Messages
from relamp.model.gin import GIN, Initialisation, mlp
from relamp.model.molecular_gin import ATOM_TYPES, CHIRALITIES


class NodeScores(nn.Module):
    """Layers of GIN on what an encoder sees of nodes; bonds are not seen.

    `widths` are those of the layers' outputs, the last one the number of scores. With `relu_first` a layer ends in
    ReLU and batch normalisation, else in batch normalisation and, but for the last one, ReLU. With `raw` the numbers of
    categories are seen as they are, as AutoGCL's public code does on molecules.
    """

    def __init__(
        self,
        encoder: Encoder,
        widths: Sequence[int],
        generator: torch.Generator,
        initialisation: Initialisation,
        relu_first: bool,
        raw: bool = False,
    ) -> None:
        super().__init__()
        self.relu_first, self.raw = relu_first, raw
        self.cardinality: tuple[int, ...] = (ATOM_TYPES, CHIRALITIES)
        columns = sum(self.cardinality)
        if isinstance(encoder, GIN):
            first: Any = encoder.updates[0]
            self.cardinality, columns = encoder.cardinality, first[0].in_features
        columns = len(self.cardinality) if raw else columns
        ends = pairwise([columns, *widths])
        self.updates = nn.ModuleList(mlp([start, widths[0], end], generator, initialisation) for start, end in ends)
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for width in widths)

    def forward(self, batch: Batch) -> Tensor:
        """Return the scores `[n, k]`."""
        if self.raw:
            first: Any = self.updates[0]
            batch = replace(batch, features=batch.x.to(first[0].weight.dtype))
        messages, alike = Messages(batch), batch.alike
        h = torch.empty(0)
        for i, (update, norm) in enumerate(zip(self.updates, self.norms, strict=True)):
            classes, links = alike.layer(i)
            h = update(messages.sum(h, links) if i else messages.input_sums(self.cardinality, links))
            if self.relu_first:
                h = normalise(F.relu(h), norm, classes.size, relu=False)
            else:
                h = normalise(h, norm, classes.size, relu=i + 1 < len(self.updates))
        return neighbour_sum(h, classes.spread)
