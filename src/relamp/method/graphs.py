"""Base of the methods on graphs and molecules; by itself it is the untrained control."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.method.base import Method
from relamp.model.gin import mlp
from relamp.model.molecular_gin import build_encoder
from relamp.settings.graphs import Pretraining


class GraphMethod(Method):
    """Trains the GIN that fits the data (LAMP Section 5.1); a batch is `relamp.data.batch.Batch`.

    `prepare` may return real-valued node features `[N, d]` as a numpy array: each batch then has its rows of them.
    """

    settings: Pretraining

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return a GIN and LAMP's projection head of constant width, Linear-ReLU-Linear (Eq. 19)."""
        encoder = build_encoder(data, self.settings.hidden, self.settings.layers, generator)
        return encoder, mlp([encoder.dim] * 3, generator)

    def embed(self, encoder: Any, head: Any, batch: Batch, random: torch.Generator) -> Mapping[str, Tensor]:
        """Return the graph embeddings `[G, D]`."""
        return {"": encoder(batch).graph}
