"""SEGA: contrast a view of each graph with its coding tree of least structural entropy (Wu et al. 2023)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.batch import Batch, one_hot
from relamp.data.corpus import PackedCorpus
from relamp.data.features import node_features
from relamp.data.packed import Integers, PackedGraphs, offsets
from relamp.graph.coding_tree import coding_levels
from relamp.kernels.normalise import normalise
from relamp.kernels.segments import Groups, group_sum
from relamp.loss.nt_xent import nt_xent
from relamp.method.augmented import augmented
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.model.embeddings import Encoder
from relamp.model.gin import GIN, mlp
from relamp.model.molecular_gin import ATOM_TYPES, CHIRALITIES
from relamp.settings.graphs import GraphclOptions, Pretraining

# Degrees from which on the public code tells them no more apart, and where it has fewer.
DEGREES, FEW_DEGREES, LARGE = 100, 10, ("DD", "REDDIT-BINARY", "REDDIT-MULTI-5K")


@dataclass(frozen=True)
class Trees:
    """The coding trees of a batch.

    Attributes:
        seen: what is seen of the leaves `[n, d]`, their degrees apart.
        degree: of each leaf, `[n]`.
        parents: of each level above the leaves, the root's too, how those of the level below are grouped.
        graphs: of each of these levels, how it is grouped by graphs.
    """

    seen: Tensor
    degree: Tensor
    parents: tuple[Groups, ...]
    graphs: tuple[Groups, ...]


class SEGA(GraphMethod):
    """Contrast the coding tree of each graph, the anchor, with an augmented view, each by an encoder of its own.

    Both encoders see the same of nodes, that of the trees their degrees besides. Graphs are embedded by the GIN, by the
    encoder of trees, or by both.
    """

    def __init__(self, settings: Pretraining, options: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings, options)
        named = (self.settings.sega.augmentation,)
        self.view = GraphclOptions(augmentations=named, social_edges=False, strength=0.1, kept=0.2, reading="code")

    def prepare(self, data: PackedGraphs | PackedCorpus, device: torch.device) -> NDArray[np.float32] | None:
        """Return node features and behind them the columns of `coded`; None of molecules, whose batches are coded."""
        if isinstance(data, PackedCorpus) or data.has_bonds:
            return None
        shown = node_features(data, *self.shown).toarray()
        return np.concatenate([shown, self.coded(data.global_edge_index(), data.node_offset)], axis=1)

    def coded(self, edge_index: Integers, node_offset: Integers) -> NDArray[np.float32]:
        """Return each node's degree, and its group on each inner level by its place in the graph, `[N, height]`."""
        levels = coding_levels(edge_index, node_offset, self.settings.sega.height)
        source = edge_index[0, edge_index[0] != edge_index[1]]
        first = np.repeat(node_offset[:-1], np.diff(node_offset))
        return np.column_stack([np.bincount(source, minlength=len(first)), *(levels - first)]).astype(np.float32)

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the encoder; and the head, the trees' encoder and its head, whose learning rate is the same."""
        encoder: Any
        encoder, head = super().draw(data, generator)
        first: Any = encoder.updates[0] if isinstance(encoder, GIN) else None
        columns = ATOM_TYPES + CHIRALITIES if first is None else first[0].in_features
        most = FEW_DEGREES if data.name in LARGE else DEGREES
        trees = TreeEncoder(columns, most, self.settings.hidden, self.settings.sega.height, encoder.dim, generator)
        tree_head = mlp([encoder.dim] * 3, generator, "pytorch")
        return encoder, nn.ModuleDict({"projection": head, "trees": trees, "tree_projection": tree_head})

    def loss(self, encoder: Encoder, head: Any, batch: Batch, random: Randomness) -> Loss:
        """Return NT-Xent of the trees against the views."""
        plain, trees = self.parted(encoder, batch)
        view = head["projection"](encoder(augmented(plain, self.view, encoder, random)).graph)
        anchor = head["tree_projection"](head["trees"](trees))
        graph = nt_xent(anchor, view, self.settings.temperature, self.settings.directions)
        return Loss(graph, {"graph": graph})

    def embed(self, encoder: Encoder, head: Any, batch: Batch, random: torch.Generator) -> Mapping[str, Tensor]:
        """Return the graph embeddings `[G, D]`."""
        plain, trees = self.parted(encoder, batch)
        which, parts = self.settings.sega.embedding, []
        if which != "tree":
            parts.append(encoder(plain).graph)
        if which != "graph":
            parts.append(head["trees"](trees))
        return {"": torch.cat(parts, dim=1)}

    def parted(self, encoder: Encoder, batch: Batch) -> tuple[Batch, Trees]:
        """Return the batch as the GIN sees it, and its trees."""
        graph, device, height = batch.graph, batch.x.device, self.settings.sega.height
        if isinstance(encoder, GIN) and batch.features is not None:
            shown, columns = batch.features[:, :-height], batch.features[:, -height:].long()
            plain, seen = replace(batch, features=shown), shown
        else:
            offset = offsets(batch.graphs.sizes.cpu().numpy())
            columns = torch.from_numpy(self.coded(batch.edge_index.cpu().numpy(), offset)).long().to(device)
            plain, seen = batch, one_hot(batch.x, (ATOM_TYPES, CHIRALITIES))
        first = (batch.graphs.sizes.cumsum(0) - batch.graphs.sizes)[graph]
        below = torch.arange(len(graph), device=device)
        parents, graphs = [], []
        for level in columns[:, 1:].T:
            named, place = torch.unique(level + first, return_inverse=True)
            parents.append(Groups(place[below], len(named)))
            graphs.append(Groups(graph[named], batch.num_graphs))
            below = named
        root = Groups(torch.arange(batch.num_graphs, device=device), batch.num_graphs)
        parents.append(Groups(graph[below], batch.num_graphs))
        return plain, Trees(seen, columns[:, 0], tuple(parents), (*graphs, root))


class TreeEncoder(nn.Module):
    """Sums of children, each followed by two times Linear-BatchNorm-ReLU, from the leaves to the root.

    What each level makes is summed by graphs; a linear layer maps all levels side by side. Degrees are one-hot, those
    from `most` on together. First weights are PyTorch's, as in the public code.
    """

    def __init__(self, columns: int, most: int, hidden: int, height: int, out: int, generator: torch.Generator) -> None:
        super().__init__()
        self.most = most
        widths = [columns + most + 1, *[hidden] * (2 * height)]
        self.maps = nn.ModuleList(mlp(pair, generator, "pytorch") for pair in pairwise(widths))
        self.norms = nn.ModuleList(nn.BatchNorm1d(hidden) for _ in self.maps)
        self.out = mlp([height * hidden, out], generator, "pytorch")

    def forward(self, trees: Trees) -> Tensor:
        """Return the embeddings `[G, out]`."""
        degree = F.one_hot(trees.degree.clamp_max(self.most), self.most + 1)
        h, layers = torch.cat([trees.seen, degree.to(trees.seen.dtype)], dim=1), zip(self.maps, self.norms, strict=True)
        pooled = []
        for parents, graphs in zip(trees.parents, trees.graphs, strict=True):
            h = group_sum(h, parents)
            for linear, norm in (next(layers), next(layers)):
                h = normalise(linear(h), norm, h.new_ones(len(h)), relu=True)
            pooled.append(group_sum(h, graphs))
        made: Tensor = self.out(torch.cat(pooled, dim=1))
        return made
