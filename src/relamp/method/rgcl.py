"""RGCL: views of the nodes that an estimator takes for the rationale of a graph, and of the others (Li et al. 2022)."""

from dataclasses import replace
from math import log
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from relamp.augment.view import first_of_each
from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import Integers, PackedGraphs, offsets, ranges
from relamp.loss.nt_xent import units
from relamp.method.base import Loss, Training
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder, mean_pool, sum_pool
from relamp.model.gin import GIN
from relamp.model.node_scores import NodeScores

# What the public code adds to every chance, how it cools scores, and how much the complement counts.
LEAST, COOLING, COMPLEMENT = 0.001, 5.0, 0.1


class RGCL(GraphMethod):
    """Contrast graphs with a view of their rationale, and with what is left of others without theirs.

    The estimator, which is trained with the encoder, gives each node a probability within its graph. By those that it
    gives before an epoch, a view keeps most nodes and the edges between them; other nodes stay without edges.
    """

    cooling: ClassVar[float] = COOLING
    shares = True
    changes = ("chance", "offset")

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder; and the head and the estimator."""
        encoder: Any
        encoder, head = super().draw(data, generator)
        widths = [self.settings.hidden, self.settings.hidden, 1]
        estimator = NodeScores(encoder, widths, generator, self.settings.initialisation, relu_first=False)
        return encoder, nn.ModuleDict({"projection": head, "estimator": estimator})

    @torch.no_grad()
    def start_epoch(self, training: Training) -> None:
        """Note the probabilities of all nodes, in evaluation mode."""
        estimator = training.head["estimator"].eval()
        chances, sizes = [], []
        for index in training.chunks():
            batch = training.batch(index)
            chances.append(self.noted(probability(estimator, batch, self.cooling)).cpu())
            sizes.append(batch.graphs.sizes.cpu().numpy())
        self.chance, self.offset = torch.cat(chances), torch.from_numpy(offsets(np.concatenate(sizes)))
        estimator.train()

    def step(self, training: Training, index: Integers) -> Loss:
        """Take one step down the contrast with both views."""
        batch, random = training.batch(index), training.random.numpy
        chance, graph = self.chance.numpy()[ranges(self.offset.numpy(), index)], batch.graph.cpu().numpy()
        chance = chance.astype(np.float64)
        most = np.zeros(batch.num_graphs)
        np.maximum.at(most, graph, chance)
        views = [self.view(batch, weight + LEAST, random) for weight in (chance, most[graph] - chance)]
        z, rationale, complement = (self.projected(training.encoder, training.head, each) for each in (batch, *views))
        loss = self.contrast(z, rationale, complement)
        training.descend(loss)
        return Loss(loss, {"graph": loss})

    def noted(self, chance: Tensor) -> Tensor:
        """Return the probabilities `[n]` as they are kept for an epoch."""
        return chance

    def view(self, batch: Batch, weight: NDArray[np.float64], random: np.random.Generator) -> Batch:
        """Return a view of the nodes that stay, which are drawn by their weights `[n]`."""
        return view(batch, weight, self.settings.rgcl.kept, random)

    def contrast(self, z: Tensor, rationale: Tensor, complement: Tensor) -> Tensor:
        """Return the loss of projected graphs `[G, d]` and of their views."""
        return rationale_loss(z, rationale, complement, self.settings.temperature)

    def projected(self, encoder: Encoder, head: Any, batch: Batch) -> Tensor:
        """Return projected graphs `[G, d]`, whose nodes are weighed by 0.9 to 1 before they are pooled."""
        chance = probability(head["estimator"], batch, self.cooling)
        most = chance.new_zeros(batch.num_graphs).scatter_reduce(0, batch.graph, chance, "amax", include_self=False)
        weight = 0.9 + chance / (10 * most[batch.graph])
        embedded = encoder(batch)
        by_sum = isinstance(encoder, GIN)
        nodes = embedded.node("concat" if by_sum else "last") * weight[:, None]
        z: Tensor = head["projection"]((sum_pool if by_sum else mean_pool)(nodes, batch))
        return z


def probability(estimator: nn.Module, batch: Batch, cooling: float = COOLING) -> Tensor:
    """Return the softmax of the scores of each graph's nodes, over a temperature, `[n]`."""
    score = estimator(batch)[:, 0] / cooling
    most = score.new_zeros(batch.num_graphs).scatter_reduce(0, batch.graph, score, "amax", include_self=False)
    power = (score - most.detach()[batch.graph]).exp()
    share: Tensor = power / power.new_zeros(batch.num_graphs).index_add(0, batch.graph, power)[batch.graph]
    return share


def view(batch: Batch, weight: NDArray[np.float64], kept: float, random: np.random.Generator) -> Batch:
    """Return the batch with the edges between the nodes that stay, `n - int(n (1 - kept))` of each graph.

    They are drawn one after another without replacement, by their weights `[n]`.
    """
    size = batch.graphs.sizes.cpu().numpy()
    stays = drawn(batch, weight, size - (size * (1.0 - kept)).astype(np.int64), random)
    source, target = batch.edge_index
    between = stays[source] & stays[target]
    bonds = None if batch.edge_attr is None else batch.edge_attr[between]
    return replace(batch, edge_index=batch.edge_index[:, between], edge_attr=bonds)


def drawn(batch: Batch, weight: NDArray[np.float64], count: NDArray[np.int64], random: np.random.Generator) -> Tensor:
    """Return a mask `[n]` of `count` `[G]` nodes of each graph, drawn one after another by their weights `[n]`."""
    graph = batch.graph.cpu().numpy()
    # The first of exponential waiting times: each next one is drawn by the weights of those that are left.
    order = np.lexsort((random.standard_exponential(len(graph)) / weight, graph))
    stays = np.zeros(len(graph), dtype=np.bool_)
    stays[first_of_each(order, graph, count)] = True
    return torch.from_numpy(stays).to(batch.x.device)


def rationale_loss(z: Tensor, rationale: Tensor, complement: Tensor, temperature: float) -> Tensor:
    """Return the mean of `-log(s_ii / sum_j s_ij + 0.1 s_ii / (s_ii + sum_j c_ij))`, of projections `[G, d]`.

    `s` and `c` are exponentials of the cosines of graphs with rationales and with complements, over the temperature.
    """
    graphs, rationale = units(z, rationale, temperature)
    _, complement = units(z, complement, temperature)
    near, far = graphs @ rationale.T / temperature, graphs @ complement.T / temperature
    own = near.diagonal()
    first = own - near.logsumexp(1)
    second = own - torch.cat([far, own[:, None]], dim=1).logsumexp(1)
    return -torch.logaddexp(first, second + log(COMPLEMENT)).mean()
