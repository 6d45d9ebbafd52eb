"""GraphCL: contrast two randomly augmented views of each graph (You et al. 2020)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.loss.nt_xent import nt_xent
from relamp.method.augmented import augmented
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder
from relamp.settings.graphs import Pretraining


class GraphCL(GraphMethod):
    """Both branches share the encoder; each sees a view of its own, or the first the graphs as they are."""

    shares = True

    def __init__(self, settings: Pretraining, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings, options)
        self.options = self.settings.graphcl

    def prepare(self, data: PackedGraphs | PackedCorpus, device: torch.device) -> NDArray[np.float32] | None:
        """Return the node features; choose the augmentations for the kind of data set."""
        named = self.options.augmentations
        if self.options.social_edges and is_social(data) and "edge_perturbation" not in named:
            self.options = self.options.model_copy(update={"augmentations": (*named, "edge_perturbation")})
        return super().prepare(data, device)

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return NT-Xent between the two views."""
        options = self.options
        first = batch if options.views == "one" else augmented(batch, options, encoder, random)
        second = augmented(batch, options, encoder, random)
        z1, z2 = head(encoder(first).graph), head(encoder(second).graph)
        graph = nt_xent(z1, z2, self.settings.temperature, self.settings.directions)
        return Loss(graph, {"graph": graph})


def is_social(data: PackedGraphs | PackedCorpus) -> bool:
    """Return whether graphs are taken for social networks: nothing is known of their nodes but their edges."""
    known = (
        isinstance(data, PackedCorpus)
        or data.has_bonds
        or data.attributes is not None
        or max(data.cardinality, default=1) > 1
    )
    return not known
