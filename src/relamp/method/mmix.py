"""M-Mix on top of MVGRL: hard negatives by mixing each node with its neighbours (M-Mix Section 3), and its rivals."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.packed import PackedGraphs
from relamp.errors import RelampError
from relamp.loss.info_nce import graph_info_nce, node_objective
from relamp.loss.nt_xent import MIN_TEMPERATURE
from relamp.method.base import Loss, Randomness
from relamp.mixing.similarity import mixing_mlp
from relamp.model.embeddings import Encoder, mean_pool
from relamp.model.mvgrl_graph import Contrasted, MVGRLGraph, branch_features, num_columns
from relamp.settings.graphs import MmixOptions, Pretraining

# Of MVGRL itself; of M-Mix: both parts of Eq. 11, or one of them alone (Table 4).
Objective = Literal["local-global", "both", "node", "graph"]

NODES_AT_ONCE = 256


class MMix:
    """MVGRL with M-Mix's or its own objective.

    Args:
        settings: the group `mmix`: options, and what is laid over the settings that all methods share.
        mixer: see `relamp.mixing.similarity.make_mixer`; without effect on MVGRL's own objective.
        objective: see `Objective`.
        options: laid over the group `mmix`, for instance the branch that embeds a graph (Table 6).
    """

    def __init__(self, settings: Pretraining, mixer: str, objective: Objective, options: Mapping[str, Any]) -> None:
        """Lay the method's own settings over the shared ones."""
        own = settings.mmix.training
        self.settings = settings if own is None else settings.model_copy(update=dict(own))
        self.options = MmixOptions.model_validate({**settings.mmix.model_dump(), **options})
        self.mixer, self.objective = mixer, objective

    def features(self, data: PackedGraphs | PackedCorpus) -> NDArray[np.float32]:
        """Return S X of both branches, see `branch_features`; raises RelampError for molecules."""
        if isinstance(data, PackedCorpus) or data.edge_attr is not None:
            raise RelampError(
                f"{data.name}: has bond types, which MVGRL and M-Mix do not see; leave these methods out of transfer"
            )
        return branch_features(data, self.options)

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[Encoder, nn.Module]:
        """Return the two branches, and the heads of MVGRL's own objective, if it is that."""
        own = self.objective == "local-global"
        hidden, columns = self.settings.hidden, num_columns(data.cardinality, self.options)
        encoder = MVGRLGraph(columns, hidden, None if own else self.mixer, self.options, generator)
        heads = [mixing_mlp(hidden, generator) for _ in range(2)] if own else []
        return encoder, nn.ModuleList(heads)

    def start_epoch(self, encoder: Encoder) -> None:
        """Do nothing: samples are mixed each step."""

    def loss(self, encoder: Encoder, head: nn.Module, batch: Batch, random: Randomness) -> Loss:
        """Return the objective of one batch (Eq. 10 and 11)."""
        assert isinstance(encoder, MVGRLGraph)  # as drawn above
        made = encoder.contrasted(batch, random.torch)
        if self.objective == "local-global":
            assert isinstance(head, nn.ModuleList)
            nodes, graphs = head
            h_a, h_b = encoder.pooled(made.a, batch), encoder.pooled(made.b, batch)
            a = local_global(nodes(made.a), graphs(h_b), batch.graph)
            b = local_global(nodes(made.b), graphs(h_a), batch.graph)
            return Loss(a + b, {"a": a, "b": b})
        # M-Mix's own sees directions alone, which are the same for mean and sum.
        h_a, h_b = (mean_pool(z, batch.graph, batch.num_graphs) for z in (made.a, made.b))
        parts: dict[str, Tensor] = {}
        if self.objective != "graph":
            parts |= {"node": self._between_nodes(made, batch, random), "diversity": made.diversity}
        if self.objective != "node":
            parts["graph"] = graph_info_nce(h_a, h_b)
        return Loss(torch.stack(list(parts.values())).sum(), parts)

    def _between_nodes(self, made: Contrasted, batch: Batch, random: Randomness) -> Tensor:
        """Return Eq. 10 without its diversity term."""
        options = self.options
        if options.negatives == "graph":
            return node_info_nce_by_graph(made.a, made.b, batch.graph, options.temperature)
        a, b = made.a, made.b
        if len(a) > options.sample_size:
            drawn = torch.randperm(len(a), generator=random.torch, device=random.torch.device)[: options.sample_size]
            a, b = a[drawn.to(a.device)], b[drawn.to(b.device)]
        return node_objective(a, b, a.new_zeros(()), options.temperature)


def node_info_nce_by_graph(a: Tensor, b: Tensor, graph: Tensor, temperature: float = 1.0) -> Tensor:
    """Return the mean over graphs of J_node(G_i) (M-Mix Eq. 10 as Eq. 11 has it) without the diversity term.

    As `relamp.loss.info_nce` in both directions, but with the nodes of the same graph as the only negatives, and
    averaged over the nodes of each graph before it is averaged over graphs. Graphs stay packed: similarities are made
    for some whole graphs at a time, in forward and again in backward.

    Args:
        a, b: nodes of the two branches, `[n, d]`.
        graph: the graph of each node, `[n]`, ascending.
        temperature: tau, at least `relamp.loss.nt_xent.MIN_TEMPERATURE`.
    """
    if temperature < MIN_TEMPERATURE:
        raise ValueError(f"temperature {temperature} is below {MIN_TEMPERATURE}, where single precision underflows")
    a, b = F.normalize(a, dim=1), F.normalize(b, dim=1)
    blocks: list[Tensor] = [
        checkpoint(_block, a[rows], b[rows], graph[rows], temperature, use_reentrant=False, preserve_rng_state=False)
        for rows in _whole_graphs(graph)
    ]
    sizes = torch.bincount(graph)
    weight = 1 / sizes[graph].to(a.dtype)
    return (torch.cat(blocks) * weight).sum() / (sizes > 0).sum()


def _block(a: Tensor, b: Tensor, graph: Tensor, temperature: float) -> Tensor:
    """Return the loss of each node `[n]`, both directions averaged."""
    same = graph[:, None] == graph
    others = same & ~torch.eye(len(a), dtype=torch.bool, device=a.device)

    def terms(x: Tensor, y: Tensor, among: Tensor) -> Tensor:
        # Shifted by the upper bound of a similarity, so that nothing overflows.
        return ((x @ y.T - 1) / temperature).exp() * among

    across = terms(a, b, same)
    from_a, from_b = terms(a, a, others).sum(1) + across.sum(1), terms(b, b, others).sum(1) + across.sum(0)
    return (from_a.log() + from_b.log()) / 2 - ((a * b).sum(1) - 1) / temperature


def _whole_graphs(graph: Tensor) -> Iterator[slice]:
    """Yield ranges of nodes that hold whole graphs: as many as fit into NODES_AT_ONCE nodes, or a larger one alone."""
    ends = torch.bincount(graph).cumsum(0).tolist()
    start = done = 0
    for end in ends:
        if end - start > NODES_AT_ONCE and done > start:
            yield slice(start, done)
            start = done
        done = end
    if done > start:
        yield slice(start, done)


def local_global(nodes: Tensor, graphs: Tensor, graph: Tensor) -> Tensor:
    """Return MVGRL's loss between nodes of one branch and graphs of the other (Hassani and Khasahmadi 2020).

    The Jensen-Shannon estimate of mutual information, negated: a node's positive is its own graph, its negatives are
    all others of the batch. 0 where all scores are 0.

    Args:
        nodes: `[n, d]`.
        graphs: `[G, d]`.
        graph: the graph of each node, `[n]`.
    """
    score = nodes @ graphs.T
    own = score.gather(1, graph[:, None])
    others = F.softplus(score).sum(1) - F.softplus(own)[:, 0]
    return others.mean() / max(len(graphs) - 1, 1) + F.softplus(-own).mean() - 2 * math.log(2)
