"""GraphCL on nodes: DGI whose summaries are those of two augmented graphs (You et al. 2020, by its public code)."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from relamp.augment.subgraph import subgraph
from relamp.augment.view import Union
from relamp.data.nodes import PackedNodes
from relamp.errors import RelampError
from relamp.method.dgi import DGI
from relamp.model.node_encoder import NodeEncoder
from relamp.settings.nodes import NodePretraining


class GraphCLNodes(DGI):
    """GraphCL on nodes: both augmented graphs are drawn once, before training, and nodes of the whole graph embedded.

    A graph is augmented by dropping nodes: all but a subgraph that grows from a random node, or random ones.
    """

    group = "graphcl"

    def __init__(self, settings: NodePretraining) -> None:
        super().__init__(settings)
        if settings.inductive:
            raise RelampError("GraphCL draws its two graphs of all nodes; leave out `inductive`")

    def draw(self, data: PackedNodes, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return a GCN of one layer, and the discriminator with the nodes of both augmented graphs."""
        encoder, scores = super().draw(data, generator)
        rng = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
        scores.register_buffer("kept", torch.from_numpy(np.stack([self._kept(data, rng) for _ in range(2)])))
        return encoder, scores

    def summaries(self, encoder: NodeEncoder, head: Any, graph: Any, projected: Tensor, true: Tensor) -> Tensor:
        """Return the summaries of both augmented graphs, `[2, hidden]`."""
        found = []
        for kept in head.kept:
            edges = graph.edge_index[:, kept[graph.edge_index].all(0)]
            found.append(torch.sigmoid(encoder(projected, edges)[kept].mean(0)))
        return torch.stack(found)

    def _kept(self, data: PackedNodes, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Draw the nodes of an augmented graph, a mask `[N]`; one node remains at least."""
        options, n = self.settings.graphcl, data.num_nodes
        if options.augmentation == "subgraph":
            return subgraph(Union.of(data.edge_index, np.array([0, n]), 1 - options.dropped), rng).keep
        kept = np.ones(n, dtype=np.bool_)
        kept[rng.choice(n, int(n * options.dropped), replace=False)] = False
        return kept
