"""MVGRL on graphs with its own objective, by its own encoder or by M-Mix's single layer."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.loss.local_global import local_global
from relamp.method.base import Loss, Randomness
from relamp.method.two_branches import TwoBranches, inputs_of
from relamp.mixing.similarity import mixing_mlp
from relamp.model.mvgrl_graphs import MVGRLGraphEncoder, graph_operators
from relamp.model.padding import View, missing
from relamp.settings.graphs import Pretraining


class GraphMVGRL(TwoBranches):
    """MVGRL, which mixes nothing.

    With `mmix.host` "mvgrl" it has MVGRL's encoder, and embeds graphs after their head; with "one-layer" that of M-Mix,
    with a head g for nodes and one for graphs, and embeds graphs before it.
    """

    def __init__(self, settings: Pretraining, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings, options)
        self.own = self.options.host == "mvgrl"
        if self.own and settings.mmix.training is not None:
            rate = settings.mmix.training.host_learning_rate
            self.settings = self.settings.model_copy(update={"learning_rate": rate})

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return MVGRL's encoder, of which its heads are part; or the two branches, and the heads."""
        hidden = self.settings.hidden
        if self.own:
            layers = self.options.host_layers
            return MVGRLGraphEncoder(self.columns(data), hidden, layers, generator), nn.Identity()
        encoder = self.branches(data, generator, None)
        return encoder, nn.ModuleList(mixing_mlp(hidden, generator) for _ in range(2))

    def loss(self, encoder: Any, head: Any, batch: Batch, random: Randomness) -> Loss:
        """Return MVGRL's objective: nodes of each branch against graphs of the other."""
        if self.own:
            (a, h_a), (b, h_b) = self._encoded(encoder, batch)
        else:
            nodes, graphs = head
            *views, _ = self.views(encoder, batch, random.torch)
            a, b = (View(nodes(z), None if padded is None else nodes(padded)) for z, padded in views)
            h_a, h_b = (graphs(self.pooled(view, batch)) for view in views)
        from_a, from_b = (self._between(view, graphs, batch) for view, graphs in ((a, h_b), (b, h_a)))
        return Loss(from_a + from_b, {"a": from_a, "b": from_b})

    def embed(self, encoder: Any, head: Any, batch: Batch, random: torch.Generator) -> dict[str, Tensor]:
        """Return the graph embeddings `[G, hidden]` of both branches together, and of each alone."""
        if not self.own:
            return super().embed(encoder, head, batch, random)
        (_, h_a), (_, h_b) = self._encoded(encoder, batch)
        return self.by_branch(lambda combine: combine(h_a, h_b))

    def _encoded(self, encoder: MVGRLGraphEncoder, batch: Batch) -> tuple[tuple[View, Tensor], tuple[View, Tensor]]:
        options = self.options
        operators = graph_operators(batch, options.diffusion, options.alpha, options.time)
        encoded: tuple[tuple[View, Tensor], tuple[View, Tensor]] = encoder(
            inputs_of(batch), operators, lambda view: self.pooled(view, batch), options.padding == "largest"
        )
        return encoded

    def _between(self, view: View, graphs: Tensor, batch: Batch) -> Tensor:
        padded = None if view.padded is None else (view.padded, missing(batch))
        return local_global(view.nodes, graphs, batch.graph, padded)
