"""GCS: keep what the contrast looks at, and contrast with what it does not (Wei et al. 2023)."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.loss.nt_xent import nt_xent
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder

# Chances of what is not salient to be kept in a positive view, and of what is salient in a negative one; and the weight
# of the negative view.
KEPT, SPARED, WEIGHT = 0.5, 0.1, 0.1


class GCS(GraphMethod):
    """Contrast two views that hold the salient nodes and edges; push graphs from a view that holds the others.

    Nodes that a view drops keep their place, without features and edges.
    """

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return NT-Xent between the positive views less a tenth of that between graphs and their negative view."""
        nodes, edges = self.salient(encoder, head, batch)
        one, two = (self.view(batch, nodes, edges, KEPT, random.torch) for _ in range(2))
        positive = self.contrast(encoder, head, one, two)
        negative = self.contrast(encoder, head, batch, self.view(batch, ~nodes, ~edges, SPARED, random.torch))
        graph = positive - WEIGHT * negative
        return Loss(graph, {"graph": graph})

    def contrast(self, encoder: Encoder, head: nn.Module, one: Batch, two: Batch) -> Tensor:
        """Return NT-Xent between two batches of the same graphs."""
        z, other = (head(encoder(batch).graph) for batch in (one, two))
        return nt_xent(z, other, self.settings.temperature, self.settings.directions)

    def view(self, batch: Batch, nodes: Tensor, edges: Tensor, chance: float, random: torch.Generator) -> Batch:
        """Return a view, as `kept` does."""
        return kept(batch, nodes, edges, chance, random)

    def salient(self, encoder: Encoder, head: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return which nodes `[n]` and edges `[e]` carry the contrast.

        As Grad-CAM has it: a node's worth is its last embedding in the direction of a rising loss, between the graphs
        and themselves with messages weakened by what was found so far. Of all rounds the largest worth counts.
        """
        options, settings = self.settings.gcs, self.settings
        source, target = batch.edge_index
        nodes, edges = torch.zeros(len(batch.x)), torch.zeros(len(source))
        nodes, edges = nodes.to(batch.x.device), edges.to(batch.x.device)
        key: Tensor | None = None
        for _ in range(options.iterations):
            embedded = encoder(replace(batch, message_weight=1 - edges, search=False))
            z, last = head(embedded.graph), embedded.rows[-1]
            score = nt_xent(z if key is None else key, z, settings.temperature, settings.directions)
            (slope,) = torch.autograd.grad(score, last)
            key = z.detach() if key is None else key
            worth = within(slope.mean(1).clamp_min(0) * last.detach().sum(1), batch)
            nodes, edges = torch.maximum(nodes, worth), torch.maximum(edges, (worth[source] + worth[target]) / 2)
        return nodes > options.threshold, edges > options.threshold


def within(worth: Tensor, batch: Batch) -> Tensor:
    """Return `(w - least) / greatest` of each graph's nodes `[n]`, cut off at 0 and 1."""
    least, greatest = (
        worth.new_zeros(batch.num_graphs).scatter_reduce(0, batch.graph, worth, how, include_self=False)[batch.graph]
        for how in ("amin", "amax")
    )
    return ((worth - least) / (greatest + 1e-20)).clamp(0, 1)


def kept(batch: Batch, nodes: Tensor, edges: Tensor, chance: float, random: torch.Generator) -> Batch:
    """Return a view of some nodes `[n]` and edges `[e]`, and of others by a chance; an edge needs both its nodes."""
    stays = [
        mask | (torch.rand(len(mask), generator=random, device=random.device) < chance).to(mask.device)
        for mask in (nodes, edges)
    ]
    source, target = batch.edge_index
    weight = stays[1] & stays[0][source] & stays[0][target]
    return replace(batch, message_weight=weight.float(), gate=stays[0].float(), search=False)
