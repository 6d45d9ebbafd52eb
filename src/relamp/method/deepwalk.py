"""DeepWalk: skip-gram vectors of nodes by random walks, beside their features (Perozzi et al. 2014)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.nodes import PackedNodes
from relamp.data.streams import stream_number
from relamp.graph.walks import walks
from relamp.graph.word_vectors import word_vectors
from relamp.method.nodes import NodeBatch, NodeMethod
from relamp.model.vectors import Vectors, seed_of


class DeepWalk(NodeMethod):
    """DeepWalk, whose vectors are learnt when it is drawn; no step is taken."""

    def prepare(self, data: PackedNodes, device: torch.device) -> Tensor:
        """Return the features `[N, F]` that stand beside the vectors; none of them if they are left out."""
        shown = self.inputs(data).toarray()[:, : None if self.settings.deepwalk.with_features else 0]
        return torch.from_numpy(shown).to(device)

    def draw(self, data: PackedNodes, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the vectors of all nodes."""
        chosen, seed = self.settings.deepwalk, seed_of(generator)
        z = word_vectors(
            lambda: walks(data.edge_index, data.num_nodes, chosen.walks, chosen.length, seed),
            data.num_nodes,
            chosen.dimension,
            stream_number(seed, "words"),
            window=chosen.window,
            hs=1,
            negative=0,
            epochs=chosen.passes,
        )
        return Vectors(z), nn.Identity()

    def embed(self, encoder: Any, head: Any, batch: NodeBatch, random: torch.Generator) -> Mapping[str, Tensor]:
        """Return features and vectors of all nodes side by side `[N, F + d]`."""
        parts = batch.graph, encoder.z
        if self.settings.deepwalk.scaling == "length":
            parts = F.normalize(batch.graph), F.normalize(encoder.z)
        return {"average": torch.cat(parts, dim=1)}
