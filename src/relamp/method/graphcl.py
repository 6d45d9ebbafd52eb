"""GraphCL: contrast two randomly augmented views of each graph (You et al. 2020)."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from relamp.augment.graphs import AUGMENTATIONS, Union
from relamp.data.batch import Batch
from relamp.loss.nt_xent import nt_xent
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder
from relamp.settings.graphs import GraphclOptions

# A view is encoded once: looking for nodes that are alike pays in views of so many nodes alone.
SEARCHED = 20_000


class GraphCL(GraphMethod):
    """Both branches share the encoder; each sees a view of its own, or the first the graphs as they are."""

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return NT-Xent between the two views."""
        options = self.settings.graphcl
        first = batch if options.views == "one" else augmented(batch, options, encoder, random)
        second = augmented(batch, options, encoder, random)
        z1, z2 = head(encoder(first).graph), head(encoder(second).graph)
        graph = nt_xent(z1, z2, self.settings.temperature, self.settings.directions)
        return Loss(graph, {"graph": graph})


def augmented(batch: Batch, options: GraphclOptions, encoder: Encoder, random: Randomness) -> Batch:
    """Return a view of a batch: one augmentation is drawn for each graph, and dropped nodes leave no trace."""
    rng, device = random.numpy, batch.x.device
    edge_index = batch.edge_index.cpu().numpy()
    node_offset = np.concatenate([[0], torch.bincount(batch.graph, minlength=batch.num_graphs).cumsum(0).cpu().numpy()])
    choice = rng.integers(len(options.augmentations), size=batch.num_graphs)
    keep = np.ones(len(batch.x), dtype=bool)
    hidden = np.zeros(len(batch.x), dtype=bool)
    origin = np.arange(edge_index.shape[1])
    for number, name in enumerate(options.augmentations):
        union = Union.of(edge_index, node_offset, options.strength, options.reading)
        view = AUGMENTATIONS[name](union.only(choice == number), rng)
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
