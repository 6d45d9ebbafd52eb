"""GraphCL: contrast two randomly augmented views of each graph (You et al. 2020)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from relamp.augment.graphs import AUGMENTATIONS, Augment, Union, identity
from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import Integers, PackedGraphs
from relamp.loss.nt_xent import nt_xent
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder
from relamp.settings.graphs import GraphclOptions, Pretraining

# A view is encoded once: looking for nodes that are alike pays in views of so many nodes alone.
SEARCHED = 20_000


class GraphCL(GraphMethod):
    """Both branches share the encoder; each sees a view of its own, or the first the graphs as they are."""

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


def augmented(
    batch: Batch, options: GraphclOptions, encoder: Encoder, random: Randomness, choice: Integers | None = None
) -> Batch:
    """Return a view of a batch: one augmentation is drawn for each graph, and dropped nodes leave no trace.

    A `choice` `[G]` names them by their numbers in the options; the number after the last one is `identity`.
    """
    rng, device = random.numpy, batch.x.device
    edge_index = batch.edge_index.cpu().numpy()
    node_offset = np.concatenate([[0], torch.bincount(batch.graph, minlength=batch.num_graphs).cumsum(0).cpu().numpy()])
    made: dict[str, Augment] = {name: AUGMENTATIONS[name] for name in options.augmentations}
    if choice is None:
        choice = rng.integers(len(made), size=batch.num_graphs)
    else:
        made["identity"] = identity
    keep = np.ones(len(batch.x), dtype=bool)
    hidden = np.zeros(len(batch.x), dtype=bool)
    origin = np.arange(edge_index.shape[1])
    for number, (name, augment) in enumerate(made.items()):
        kept = options.strength if options.kept is None else options.kept
        share = kept if name == "subgraph" else options.strength
        union = Union.of(edge_index, node_offset, share, options.reading)
        view = augment(union.only(choice == number), rng)
        edge_index, origin = view.edge_index, origin[view.edge_origin]
        keep &= view.keep
        if view.redraw is not None:
            hidden |= view.redraw
    if hidden.any():
        batch = encoder.mask_nodes(batch, torch.from_numpy(hidden).to(device), random.torch)
    nodes = torch.from_numpy(np.flatnonzero(keep)).to(device)
    number_of = np.cumsum(keep) - 1
    edges = torch.from_numpy(origin).to(device)
    return replace(
        batch,
        x=batch.x[nodes],
        edge_index=torch.from_numpy(number_of[edge_index]).to(device),
        graph=batch.graph[nodes],
        edge_attr=None if batch.edge_attr is None else batch.edge_attr[edges],
        features=None if batch.features is None else batch.features[nodes],
        search=len(nodes) >= SEARCHED,
    )
