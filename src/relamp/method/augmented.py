"""Views of a batch by GraphCL's augmentations, for all methods that draw some (You et al. 2020)."""

from dataclasses import replace

import numpy as np
import torch

from relamp.augment.graphs import AUGMENTATIONS, Augment, Union, identity
from relamp.data.batch import Batch, induced
from relamp.data.packed import Integers
from relamp.method.base import Randomness
from relamp.model.embeddings import Encoder
from relamp.settings.graphs import GraphclOptions

# A view is encoded once: looking for nodes that are alike pays in views of so many nodes alone.
SEARCHED = 20_000


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
    edges = torch.from_numpy(origin).to(device)
    changed = replace(
        batch,
        edge_index=torch.from_numpy(edge_index).to(device),
        edge_attr=None if batch.edge_attr is None else batch.edge_attr[edges],
        edge_weight=None if batch.edge_weight is None else batch.edge_weight[edges],
    )
    return replace(induced(changed, torch.from_numpy(keep).to(device)), search=int(keep.sum()) >= SEARCHED)
