"""M-Mix on graphs, on top of MVGRL: hard negatives by mixing each node with its neighbours (M-Mix Section 3)."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.features import node_features, num_columns
from relamp.data.packed import PackedGraphs
from relamp.errors import RelampError
from relamp.kernels.product import linear
from relamp.loss.info_nce import info_nce, node_info_nce_by_graph, node_objective
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.mixing.base import Mixed
from relamp.mixing.similarity import mixing_mlp
from relamp.model.embeddings import mean_pool, sum_pool
from relamp.model.mvgrl import COMBINED, MVGRLEncoder, branch_inputs
from relamp.settings.graphs import Features, FirstLabel, MmixOptions, Pretraining

# Of MVGRL itself; of M-Mix: both parts of Eq. 11, or one of them alone (Table 4).
Objective = Literal["local-global", "both", "node", "graph"]

NODES_AT_ONCE = 50_000


class MMix(GraphMethod):
    """MVGRL with M-Mix's or its own objective, which mixes nothing; a batch has `S_a X` and `S_b X` side by side.

    Its branches' operators have self-loops of their own, so that none are added to a batch.

    The settings' group `mmix` has options, which `options` override, for instance the branch that embeds a graph
    (Table 6), and overrides of the settings that all methods share.
    """

    adds_loops = False

    def __init__(
        self, settings: Pretraining, mixer: str, objective: Objective = "both", options: Mapping[str, Any] | None = None
    ) -> None:
        own = settings.mmix.training
        super().__init__(settings if own is None else settings.model_copy(update=dict(own)))
        self.options = MmixOptions.model_validate({**settings.mmix.model_dump(), **(options or {})})
        self.mixer, self.objective = mixer, objective

    @property
    def shown(self) -> tuple[Features, int, FirstLabel]:
        """Arguments of `node_features`."""
        return self.options.features, self.options.max_degree, self.options.first_label

    def prepare(self, data: PackedGraphs | PackedCorpus, device: torch.device) -> NDArray[np.float32]:
        """Return the inputs of both branches side by side, `[N, 2 columns]`; raise RelampError for molecules."""
        if isinstance(data, PackedCorpus) or data.has_bonds:
            raise _bonds(data.name)
        options, shown = self.options, self.shown
        parts = [np.zeros((0, 2 * num_columns(data, *shown)), dtype=np.float32)]
        for part in _parts(data):
            x = node_features(part, *shown)
            of_diffusion = options.diffusion, options.alpha, options.time
            inputs = branch_inputs(part.global_edge_index(), x, *of_diffusion, weight=part.edge_weight)
            parts.append(np.concatenate(inputs, axis=1, dtype=np.float32))
        return np.concatenate(parts)

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the two branches, and the heads of MVGRL's own objective, if it is that."""
        own, hidden = self.objective == "local-global", self.settings.hidden
        if isinstance(data, PackedCorpus):
            raise _bonds(data.name)
        mixer = None if own else self.mixer
        encoder = MVGRLEncoder(num_columns(data, *self.shown), hidden, generator, mixer, self.options.mix)
        return encoder, nn.ModuleList(mixing_mlp(hidden, generator) for _ in range(2 if own else 0))

    def loss(self, encoder: MVGRLEncoder, head: Any, batch: Batch, random: Randomness) -> Loss:
        """Return the objective of one batch (Eq. 10 and 11)."""
        mixed, b = encoder.views(*_inputs(batch), batch.edge_index, random.torch)
        if self.objective == "local-global":
            nodes, graphs = head
            h_a, h_b = self._pooled(mixed.z, batch), self._pooled(b, batch)
            from_a = local_global(nodes(mixed.z), graphs(h_b), batch.graph)
            from_b = local_global(nodes(b), graphs(h_a), batch.graph)
            return Loss(from_a + from_b, {"a": from_a, "b": from_b})
        # M-Mix's own sees directions alone, which are the same for mean and sum.
        h_a, h_b = (mean_pool(z, batch) for z in (mixed.z, b))
        parts: dict[str, Tensor] = {}
        if self.objective != "graph":
            parts |= {"node": self._between_nodes(mixed, b, batch, random), "diversity": mixed.diversity}
        if self.objective != "node":
            # Eq. 11 as printed subtracts the node objectives; they are meant to be added, since both are minimised.
            parts["graph"] = info_nce(h_a, h_b)
        return Loss(torch.stack(list(parts.values())).sum(), parts)

    def embed(self, encoder: MVGRLEncoder, head: Any, batch: Batch, random: torch.Generator) -> dict[str, Tensor]:
        """Return the graph embeddings `[G, hidden]` of the branch that the options name."""
        # A mixer with random weights draws the same ones for each batch, so that embeddings stay what they are.
        again = torch.Generator(batch.x.device).manual_seed(0)
        both = encoder.readout(*_inputs(batch), batch.edge_index, again, self.options.readout)
        return {"": self._pooled(COMBINED[self.options.branch](*both), batch)}

    def _pooled(self, z: Tensor, batch: Batch) -> Tensor:
        """Return a graph's embedding, `[G, hidden]`, of those of its nodes, `[n, hidden]`."""
        pool = mean_pool if self.options.pooling == "mean" else sum_pool
        return pool(z, batch)

    def _between_nodes(self, mixed: Mixed, b: Tensor, batch: Batch, random: Randomness) -> Tensor:
        """Return Eq. 10 without its diversity term."""
        options, a = self.options, mixed.z
        if options.negatives == "graph":
            return node_info_nce_by_graph(a, b, batch.graph, options.temperature)
        if len(a) > options.sample_size:
            drawn = torch.randperm(len(a), generator=random.torch, device=random.torch.device)[: options.sample_size]
            a, b = a[drawn.to(a.device)], b[drawn.to(b.device)]
        return node_objective(a, b, a.new_zeros(()), options.temperature)


def _bonds(name: str) -> RelampError:
    return RelampError(f"{name}: has bond types, which MVGRL and M-Mix do not see; leave these methods out of transfer")


def _parts(data: PackedGraphs) -> Iterator[PackedGraphs]:
    """Cut a data set into whole graphs of NODES_AT_ONCE nodes or a little more: graphs do not touch each other."""
    number = data.node_offset[:-1] // NODES_AT_ONCE
    for graphs in np.split(np.arange(len(data)), np.flatnonzero(np.diff(number)) + 1):
        part = data.take(graphs)
        if len(part.x):
            yield part


def _inputs(batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the inputs of both branches, `[n, columns]` each."""
    if batch.features is None:
        raise ValueError("a batch for MVGRL needs features: see MMix.prepare")
    near, far = batch.features.chunk(2, dim=1)
    return near, far


def local_global(nodes: Tensor, graphs: Tensor, graph: Tensor) -> Tensor:
    """Return MVGRL's loss between nodes of one branch and graphs of the other (Hassani and Khasahmadi 2020).

    The Jensen-Shannon estimate of mutual information, negated: a node's positive is its own graph, its negatives are
    all others of the batch. 0 where all scores are 0. Nodes `[n, d]` belong to the graphs `[G, d]` that `graph` `[n]`
    says.
    """
    score = linear(nodes, graphs)
    own = score.gather(1, graph[:, None])
    others = F.softplus(score).sum(1) - F.softplus(own)[:, 0]
    return others.mean() / max(len(graphs) - 1, 1) + F.softplus(-own).mean() - 2 * math.log(2)
