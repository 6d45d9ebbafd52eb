"""GRACE: one encoder, two views by edge dropping and feature masking (Zhu et al. 2020), with M-Mix in view a."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from relamp.data.nodes import PackedNodes
from relamp.mixing.similarity import make_mixer, mixing_mlp
from relamp.model.node_encoder import NodeEncoder, SparseRows
from relamp.model.node_views import Views, edges_of, mix_sample, mixing_rows, taken
from relamp.settings.nodes import Branch, NodePretraining


@dataclass(frozen=True)
class SparseNodes:
    """A graph as GRACE sees it.

    Attributes:
        features: sparse rows `[N, F]`.
        edge_index: `[2, E]`, both directions.
        pair: number of the undirected edge that each directed one belongs to, `[E]`.
        num_pairs: number of undirected edges.
    """

    features: SparseRows
    edge_index: Tensor
    pair: Tensor
    num_pairs: int


def sparse_nodes(data: PackedNodes, device: torch.device) -> SparseNodes:
    """Put a graph on a device, its features sparse."""
    edge_index = np.asarray(data.edge_index, dtype=np.int64)
    low, high = edge_index.min(axis=0), edge_index.max(axis=0)
    number, pair = np.unique(low * data.num_nodes + high, return_inverse=True)
    features = SparseRows.of(data.features()).to(device)
    return SparseNodes(features, edges_of(data, device), torch.from_numpy(pair).to(device), len(number))


def drop_edges(graph: SparseNodes, rate: float, random: torch.Generator) -> Tensor:
    """Return the edge index without a random share of the undirected edges, both directions of each at once."""
    kept = torch.rand(graph.num_pairs, generator=random, device=random.device) >= rate
    return graph.edge_index[:, kept.to(graph.pair.device)[graph.pair]]


def feature_mask(num_features: int, rate: float, random: torch.Generator, device: torch.device) -> Tensor:
    """Return ones with a random share of zeros, `[F]`: the columns that a view keeps."""
    kept = torch.rand(num_features, generator=random, device=random.device) >= rate
    return kept.to(device, torch.float32)


class GRACE(nn.Module):
    """GRACE with M-Mix in view a; without a mixer, GRACE itself.

    The head g (Linear-ELU-Linear, as GRACE has it) follows both views, and view a's after the mixing. Without mixing
    this is GRACE; M-Mix's paper, which describes its head for MVGRL only, does not say whether view b keeps it.

    Args:
        num_features: F.
        settings: encoder, rates, mixer and width.
        generator: source of the initial weights.
    """

    def __init__(self, num_features: int, settings: NodePretraining, generator: torch.Generator) -> None:
        """Draw the initial weights."""
        super().__init__()
        self.settings = settings
        heads = settings.heads if settings.encoder == "gat" else None
        self.encoder = NodeEncoder(num_features, settings.hidden, settings.layers, generator, heads)
        self.head = mixing_mlp(settings.hidden, generator)
        self.head[1] = nn.ELU()
        self.mixer = make_mixer(settings.mixer, settings.hidden, settings.mix, generator)

    def views(self, graph: SparseNodes, sample: Tensor | None, random: torch.Generator) -> Views:
        """Return `g(z-hat)` of view a and `g(z)` of view b, of the nodes in `sample` `[n]` or of all."""
        before_a, edges_a = self._view(graph, 0, random)
        before_b, edges_b = self._view(graph, 1, random)
        other = self.head(taken(self.encoder(before_b, edges_b), sample))
        if self.settings.mixer == "i-mix":
            # i-mix mixes inputs, and `X W` is linear in them: mixing there is the same. Nodes outside the sample,
            # which have no part in the loss but as neighbours, keep their own.
            mixed, diversity, label = mix_sample(self.mixer, taken(before_a, sample), sample, None, sample, random)
            before_a = mixed if sample is None else before_a.index_copy(0, sample, mixed)
            z = taken(self.encoder(before_a, edges_a), sample)
        else:
            z = self.encoder(before_a, edges_a)
            rows, edges = mixing_rows(self.settings, edges_a, sample, len(z))
            z, diversity, label = mix_sample(self.mixer, taken(z, rows), rows, edges, sample, random)
        return Views(self.head(z), other, diversity, label)

    def embed(self, graph: SparseNodes, random: torch.Generator) -> dict[Branch, Tensor]:  # noqa: ARG002
        """Return the encoder's embeddings of the whole graph, `[N, hidden]`; as in GRACE without the head."""
        return {"average": self.encoder(self.encoder.project(graph.features), graph.edge_index)}

    def _view(self, graph: SparseNodes, which: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw view a (0) or b (1); return its projected features `[N, hidden]` and its edges."""
        rates = self.settings.grace
        edges = drop_edges(graph, rates.drop_edges[which], random)
        columns, device = self.encoder.first.shape[0], graph.edge_index.device
        mask = feature_mask(columns, rates.mask_features[which], random, device)
        return self.encoder.project(graph.features, mask), edges
