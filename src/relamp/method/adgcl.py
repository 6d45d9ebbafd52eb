"""AD-GCL: a learner weighs edges so that the contrast becomes hard, against the encoder (Suresh et al. 2021, Eq. 8)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import Integers, PackedGraphs
from relamp.kernels.pairs import sum_by_target
from relamp.loss.nt_xent import nt_xent
from relamp.method.base import Loss, Training
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder
from relamp.model.gin import Initialisation, mlp

# Noise is drawn from U(LEAST, 1 - LEAST), where its logit is finite.
LEAST = 1e-4


class ADGCL(GraphMethod):
    """Contrast graphs with themselves, their messages weighed by a learner of its own encoder and optimiser.

    In each batch the learner climbs the loss first, less what it takes from the edges; then the encoder goes down.
    """

    def parts(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> Mapping[str, nn.Module]:
        """Return the learner, whose encoder is like the trained one."""
        encoder: Any = self.draw(data, generator)[0]
        return {"learner": Learner(encoder, self.settings.hidden, generator, self.settings.initialisation)}

    def step(self, training: Training, index: Integers) -> Loss:
        """Take a step of the learner, then one of the encoder; return the loss of the second."""
        encoder, head, learner = training.encoder, training.head, training.parts["learner"]
        batch, random = training.batch(index), training.random.torch
        for module, trains in ((encoder, False), (head, False), (learner, True)):
            module.train(trains)
        weight = drawn(learner(batch), random)
        taken = self.settings.adgcl.regularisation * mean_taken(weight, batch)
        training.descend(taken - self.contrast(encoder, head, batch, weight), "learner")

        for module, trains in ((encoder, True), (head, True), (learner, False)):
            module.train(trains)
        with torch.no_grad():
            weight = drawn(learner(batch), random)
        graph = self.contrast(encoder, head, batch, weight)
        training.descend(graph)
        return Loss(graph, {"graph": graph})

    def contrast(self, encoder: Encoder, head: nn.Module, batch: Batch, weight: Tensor) -> Tensor:
        """Return NT-Xent between graphs as they are and those of messages weighed by `[e]`."""
        view = replace(batch, message_weight=weight, search=False)
        z, other = head(encoder(batch).graph), head(encoder(view).graph)
        return nt_xent(z, other, self.settings.temperature, self.settings.directions)


class Learner(nn.Module):
    """Gives each edge a logit, `MLP([h_source, h_target])` of the last layer's nodes."""

    def __init__(
        self, encoder: Encoder, width: int, generator: torch.Generator, initialisation: Initialisation
    ) -> None:
        super().__init__()
        self.encoder, self.score = encoder, mlp([2 * width, 64, 1], generator, initialisation)

    def forward(self, batch: Batch) -> Tensor:
        """Return the logits `[e]` of a batch's edges, each direction by itself."""
        h = self.encoder(batch).node("last")
        logits: Tensor = self.score(torch.cat([h[nodes] for nodes in batch.edge_index], dim=1))
        return logits[:, 0]


def drawn(logits: Tensor, random: torch.Generator) -> Tensor:
    """Return weights `[e]` between 0 and 1 by the Gumbel-max trick: `sigmoid(logit + log e - log(1 - e))`."""
    noise = torch.rand(logits.shape, generator=random, device=random.device, dtype=logits.dtype).to(logits.device)
    return torch.sigmoid(logits + torch.logit(LEAST + (1 - 2 * LEAST) * noise))


def mean_taken(weight: Tensor, batch: Batch) -> Tensor:
    """Return `1 - w` averaged over the edges of each graph, then over the graphs that have some; 0 without edges."""
    graph = batch.graph[batch.edge_index[0]]
    edges = torch.bincount(graph, minlength=batch.num_graphs)
    means = sum_by_target(1 - weight, graph, batch.num_graphs) / edges.clamp_min(1)
    return means.sum() / (edges > 0).sum().clamp_min(1)
