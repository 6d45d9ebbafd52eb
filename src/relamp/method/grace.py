"""GRACE: one encoder, two views by edge dropping and feature masking (Zhu et al. 2020), with M-Mix in view a."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from relamp.data.nodes import PackedNodes
from relamp.method.as_published import with_own
from relamp.method.base import Loss, Randomness
from relamp.method.node_views import drop_edges, feature_mask
from relamp.method.nodes import NodeBatch, NodeMethod
from relamp.mixing.base import Mixed
from relamp.mixing.nodes import mix_nodes, taken
from relamp.mixing.similarity import make_mixer, mixing_mlp
from relamp.model.node_encoder import NodeEncoder, SparseNodes
from relamp.settings.nodes import NodePretraining, must_fit

# What GRACE's public code sets by data set: width, layers, activation, tau, rates of both views, optimiser and epochs.
OWN: Mapping[str, Mapping[str, Any]] = {
    "Cora": {"hidden": 128, "activation": "relu", "temperature": 0.4, "learning_rate": 5e-4, "epochs": 200}
    | {"drop_edges": (0.2, 0.4), "mask_features": (0.3, 0.4)},
    "Citeseer": {"hidden": 256, "activation": "prelu", "temperature": 0.9, "learning_rate": 1e-3, "epochs": 200}
    | {"drop_edges": (0.2, 0.0), "mask_features": (0.3, 0.2)},
    "Pubmed": {"hidden": 256, "activation": "relu", "temperature": 0.7, "learning_rate": 1e-3, "epochs": 1500}
    | {"drop_edges": (0.4, 0.1), "mask_features": (0.0, 0.2)},
    "DBLP": {"hidden": 256, "activation": "relu", "temperature": 0.7, "learning_rate": 1e-3, "epochs": 1000}
    | {"drop_edges": (0.1, 0.4), "mask_features": (0.1, 0.0)},
}
_ALWAYS = {"layers": 2, "wide": True, "weight_decay": 1e-5, "patience": None}


class GRACE(NodeMethod):
    """GRACE with M-Mix in view a; without a mixer, GRACE itself.

    The head g (Linear-ELU-Linear, as GRACE has it) follows both views, and view a's after the mixing. M-Mix's paper,
    which describes its head for MVGRL only, does not say whether view b keeps it. Embeddings are the encoder's, of the
    whole graph and without the head, as in GRACE.

    The settings' group `grace` gives rates, layers and heads; `relamp.settings.nodes.must_fit` refuses what cannot be.
    """

    terms = ("node", "diversity")

    def __init__(self, settings: NodePretraining, mixer: str = "none", encoder: Literal["gcn", "gat"] = "gcn") -> None:
        super().__init__(settings)
        must_fit(settings, mixer, encoder)
        self.encoder: Literal["gcn", "gat"] = encoder
        self.mixer, self.heads = mixer, settings.grace.heads if encoder == "gat" else None

    def on(self, dataset: str) -> "GRACE":
        """Return GRACE with its own settings of a data set, if these are wanted and there are some."""
        if not self.settings.grace.by_dataset or dataset not in OWN:
            return self
        own = {**_ALWAYS, **OWN[dataset]}
        return type(self)(with_own(self.settings, "grace", own), self.mixer, self.encoder)

    def draw(self, data: PackedNodes, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder; and head g and mixer."""
        hidden, own = self.settings.hidden, self.settings.grace
        relu = own.activation == "relu"
        encoder = NodeEncoder(data.num_features, hidden, own.layers, generator, self.heads, own.wide, relu)
        head = mixing_mlp(hidden, generator)
        head[1] = nn.ELU()
        return encoder, nn.ModuleList([head, make_mixer(self.mixer, hidden, self.settings.mix, generator)])

    def loss(self, encoder: NodeEncoder, head: Any, batch: NodeBatch, random: Randomness) -> Loss:
        """Return M-Mix's Eq. 10 between view a, mixed, and view b."""
        graph, sample = batch.graph, batch.sample
        g, mixer = head
        before_a, edges_a = self._view(encoder, graph, 0, random.torch)
        before_b, edges_b = self._view(encoder, graph, 1, random.torch)
        other = g(taken(encoder(before_b, edges_b), sample))

        def mixed(z: Tensor) -> Mixed:
            return mix_nodes(mixer, lambda rows: taken(z, rows), edges_a, sample, len(z), random.torch)

        if mixer.mixes_inputs:
            # `X W` is linear in X, so that mixing its rows before they are propagated mixes the nodes' features. Nodes
            # outside the sample, which have no part in the loss but as neighbours, keep their own.
            made = mixed(before_a)
            before_a = made.z if sample is None else before_a.index_copy(0, sample, made.z)
            z = taken(encoder(before_a, edges_a), sample)
        else:
            made = mixed(encoder(before_a, edges_a))
            z = made.z
        return self.contrast(replace(made, z=g(z)), other)

    def _view(
        self, encoder: NodeEncoder, graph: SparseNodes, which: int, random: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draw view a (0) or b (1); return its projected features `[N, hidden]` and its edges."""
        rates, device = self.settings.grace, graph.edge_index.device
        edges = drop_edges(graph, rates.drop_edges[which], random)
        mask = feature_mask(encoder.first.shape[0], rates.mask_features[which], random, device)
        return encoder.project(graph.features, mask), edges
