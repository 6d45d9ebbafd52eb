"""D-SLA: tell a molecule from perturbed ones, and by how much each is perturbed (Kim et al. 2022)."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.augment.rewired import inside, rewired
from relamp.augment.view import choose
from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.graph.hops import hops
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.method.masked import one_atom
from relamp.model.embeddings import Encoder
from relamp.model.gin import mlp
from relamp.settings.molecules import DslaOptions, MolecularPretraining

# Perturbed molecules for each, the strongly perturbed one not counted.
PERTURBED = 3


class DSLA(GraphMethod):
    """Learn which of five molecules is none of the four perturbed ones, and how far all are from each other.

    Atoms are hidden in all five, so that these cannot be told by what is hidden.
    """

    settings: MolecularPretraining
    terms = ("discrimination", "edit", "margin")

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder, and the network that scores molecules."""
        encoder: Any = super().draw(data, generator)[0]
        return encoder, mlp([encoder.dim] * 3 + [1], generator, self.settings.initialisation)

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return the cross-entropy of the scores, and by their weights the losses of distances."""
        options = self.settings.dsla
        views, edits = candidates(batch, encoder, options, random)
        graphs = encoder(views).graph
        scores = head(graphs).view(-1, batch.num_graphs).T
        discrimination = F.cross_entropy(scores, scores.new_zeros(len(scores), dtype=torch.int64))
        original, *others = graphs.view(-1, batch.num_graphs, graphs.shape[1])
        far = torch.stack([(other - original).norm(dim=1) for other in others])
        one, two = torch.triu_indices(len(far), len(far), 1)
        ratio = far / edits.to(far)
        edit = options.edit * F.mse_loss(ratio[one], ratio[two])
        margin = options.contrast * hinge(original, far[:PERTURBED], options.margin)
        return Loss(discrimination + edit + margin, {"discrimination": discrimination, "edit": edit, "margin": margin})


def hinge(original: Tensor, far: Tensor, margin: float) -> Tensor:
    """Return `max(0, margin + f - distance)` averaged over all other molecules of `[G, d]` and distances f `[p, G]`."""
    apart = torch.cdist(original, original, compute_mode="donot_use_mm_for_euclid_dist")
    short = (margin + far[:, :, None] - apart).clamp_min(0)
    others = ~torch.eye(len(original), dtype=torch.bool, device=original.device)
    return (short * others).sum() / max(len(far) * int(others.sum()), 1)


def candidates(batch: Batch, encoder: Encoder, options: DslaOptions, random: Randomness) -> tuple[Batch, Tensor]:
    """Return a batch of all molecules, then of all perturbed once, and so on; and how many bonds changed `[4, G]`."""
    rng, device, n = random.numpy, batch.x.device, len(batch.x)
    assert batch.edge_attr is not None
    graph, edges, kinds = (part.cpu().numpy() for part in (batch.graph, batch.edge_index, batch.edge_attr))
    near = (hops(batch.edge_index, one_atom(batch, random), n, options.hops) <= options.hops).cpu().numpy()
    made, hidden, edits = [(edges, kinds)], [masked(graph, near, batch.num_graphs, options.masked, rng)], []
    for times in range(1, PERTURBED + 2):
        among = near if times <= PERTURBED else np.ones(n, dtype=np.bool_)
        hidden.append(masked(graph, among, batch.num_graphs, options.masked, rng))
        # Each bond stands there twice.
        bonds = np.bincount(graph[edges[0, inside(edges, among)]], minlength=batch.num_graphs) // 2
        wanted = np.maximum((bonds * options.edges * times).astype(np.int64), 1)
        made.append(rewired(edges, kinds, graph, among, np.minimum(wanted, bonds), rng))
        edits.append(wanted)
    numbers = range(len(made))
    views = replace(
        batch,
        x=batch.x.repeat(len(made), 1),
        edge_index=torch.from_numpy(np.concatenate([made[i][0] + i * n for i in numbers], axis=1)).to(device),
        edge_attr=torch.from_numpy(np.concatenate([kind for _, kind in made])).to(device),
        graph=torch.cat([batch.graph + i * batch.num_graphs for i in numbers]),
        num_graphs=len(made) * batch.num_graphs,
    )
    views = encoder.mask_nodes(views, torch.from_numpy(np.concatenate(hidden)).to(device), random.torch)
    return views, torch.from_numpy(np.stack(edits)).to(device)


def masked(graph: Any, among: Any, count: int, share: float, rng: np.random.Generator) -> Any:
    """Draw `int(k share)` of the k atoms of each molecule that are among some; return a mask `[n]`, as `among` is."""
    nodes = np.flatnonzero(among)
    size = np.bincount(graph[nodes], minlength=count)
    hidden = np.zeros(len(graph), dtype=np.bool_)
    hidden[nodes[choose(graph[nodes], (size * share).astype(np.int64), rng)]] = True
    return hidden
