"""Base of the methods on graphs and molecules; by itself it is the untrained control."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.features import all_features, node_features, num_all_columns, num_columns
from relamp.data.packed import PackedGraphs
from relamp.method.base import Method
from relamp.model.gin import GIN, mlp
from relamp.model.molecular_gin import build_encoder
from relamp.settings.graphs import EncoderVariant, Features, FirstLabel, Pretraining

# Degrees from this on are one category in `EncoderVariant.inputs` of "all".
MOST = 100


class GraphMethod(Method):
    """Trains the GIN that fits the data (LAMP Section 5.1); a batch is `relamp.data.batch.Batch`.

    `prepare` may return real-valued node features `[N, d]` as a numpy array: each batch then has its rows of them, in
    place of one-hot categories.
    """

    settings: Pretraining
    # Whether batches get the settings' self-loops.
    adds_loops: ClassVar[bool] = True

    def __init__(
        self,
        settings: Pretraining,
        options: Mapping[str, Any] | None = None,
        encoder: Mapping[str, Any] | None = None,
    ) -> None:
        """Take the training settings, of which `options` override some; those of a group by a mapping of its own.

        `encoder` is an `EncoderVariant` in words.
        """
        words = settings.model_dump()
        for name, value in (options or {}).items():
            words[name] = {**words[name], **value} if isinstance(value, Mapping) else value
        super().__init__(type(settings).model_validate(words) if options else settings)
        self.variant = EncoderVariant.model_validate(encoder or {})

    @property
    def shown(self) -> tuple[Features, int, FirstLabel]:
        """Arguments of `node_features`."""
        return self.settings.features, self.settings.max_degree, "own"

    def prepare(self, data: PackedGraphs | PackedCorpus, device: torch.device) -> NDArray[np.float32] | None:
        """Return the node features `[N, d]` that the settings name; None where labels or atoms are seen as they are."""
        made = self._featured(data)
        if made is None:
            return None
        if self.variant.inputs == "ones":
            return np.ones((len(made.x), 1), dtype=np.float32)
        found = all_features(made, MOST) if self.variant.inputs == "all" else node_features(made, *self.shown)
        return found.toarray()

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return a GIN and LAMP's projection head, Linear-ReLU-Linear (Eq. 19), of constant width but for variants."""
        hidden, layers, made = self.settings.hidden, self.settings.layers, self._featured(data)
        initialisation = self.settings.initialisation
        if isinstance(data, PackedCorpus) or data.has_bonds:
            messages = self.variant.messages
            encoder = build_encoder(data, hidden, layers, generator, initialisation, messages=messages)
        else:
            inputs = ((), self._columns(made)) if made is not None else (data.cardinality, data.shown_attributes)
            kinds = inputs[1], data.edge_cardinality
            encoder = GIN(inputs[0], hidden, layers, generator, *kinds, initialisation, self.variant)
        width = self.variant.head or encoder.dim
        return encoder, mlp([encoder.dim, width, width], generator, initialisation)

    def embed(self, encoder: Any, head: Any, batch: Batch, random: torch.Generator) -> Mapping[str, Tensor]:
        """Return the graph embeddings `[G, D]`."""
        return {"": encoder(batch).graph}

    def _featured(self, data: PackedGraphs | PackedCorpus) -> PackedGraphs | None:
        """Return graphs whose features the settings make, None for others."""
        shown = self.settings.features != "labels" or self.variant.inputs != "features"
        return data if shown and not isinstance(data, PackedCorpus) and not data.has_bonds else None

    def _columns(self, data: PackedGraphs) -> int:
        """Return the width of the prepared features."""
        if self.variant.inputs == "ones":
            return 1
        return num_all_columns(data, MOST) if self.variant.inputs == "all" else num_columns(data, *self.shown)
