"""M-Mix on graphs, on top of MVGRL: hard negatives by mixing each node with its neighbours (M-Mix Section 3)."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.features import node_features, num_columns
from relamp.data.packed import PackedGraphs
from relamp.errors import RelampError
from relamp.loss.info_nce import cross_info_nce, info_nce, node_info_nce_by_graph
from relamp.method.base import Loss, Randomness
from relamp.method.graphs import GraphMethod
from relamp.model.mvgrl import COMBINED, MVGRLEncoder, branch_inputs
from relamp.model.padding import View, averaged, missing, rows, summed
from relamp.settings.graphs import Features, FirstLabel, MmixOptions, Pretraining

# Both parts of Eq. 11, or one of them alone (Table 4).
Objective = Literal["both", "node", "graph"]

NODES_AT_ONCE = 50_000


class MMix(GraphMethod):
    """M-Mix on the branches of MVGRL; a batch has `S_a X` and `S_b X` side by side.

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
        given, more = settings.mmix.model_dump(), dict(options or {})
        mix = {**given["mix"], **more.pop("mix", {})}
        self.options = MmixOptions.model_validate({**given, **more, "mix": mix})
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

    def columns(self, data: PackedGraphs | PackedCorpus) -> int:
        """Return the number of node features; raise RelampError for molecules."""
        if isinstance(data, PackedCorpus):
            raise _bonds(data.name)
        return num_columns(data, *self.shown)

    def branches(
        self, data: PackedGraphs | PackedCorpus, generator: torch.Generator, mixer: str | None
    ) -> MVGRLEncoder:
        """Return the two branches of one layer, freshly drawn, with a mixer or none."""
        return MVGRLEncoder(self.columns(data), self.settings.hidden, generator, mixer, self.options.mix)

    def draw(self, data: PackedGraphs | PackedCorpus, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return the two branches with g and the mixer; there is no head besides."""
        return self.branches(data, generator, self.mixer), nn.Identity()

    def loss(self, encoder: MVGRLEncoder, head: Any, batch: Batch, random: Randomness) -> Loss:
        """Return the objective of one batch (Eq. 10 and 11)."""
        a, b, diversity = self.views(encoder, batch, random.torch)
        parts: dict[str, Tensor] = {}
        if self.objective != "graph":
            parts |= {"node": self._between_nodes(a, b, batch, random), "diversity": diversity}
        if self.objective != "node":
            # Eq. 11 as printed subtracts the node objectives; they are meant to be added, since both are minimised.
            contrast = cross_info_nce if self.options.contrast == "across" else info_nce
            # It sees directions alone, which are the same for mean and sum.
            parts["graph"] = contrast(averaged(a, batch), averaged(b, batch))
        return Loss(torch.stack(list(parts.values())).sum(), parts)

    def views(self, encoder: MVGRLEncoder, batch: Batch, random: torch.Generator | None) -> tuple[View, View, Tensor]:
        """Return what both branches give a batch, and the diversity: the mean over its nodes, with the padded ones."""
        near, far = inputs_of(batch)
        mixed, b = encoder.views(near, far, batch.edge_index, random)
        if self.options.padding == "none":
            return View(mixed.z), View(b), mixed.diversity
        padded, padded_b = encoder.padded(near, batch, random)
        nodes, more = len(b), missing(batch).sum()
        diversity = (nodes * mixed.diversity + more * padded.diversity) / (nodes + more)
        return View(mixed.z, padded.z), View(b, padded_b), diversity

    def embed(self, encoder: MVGRLEncoder, head: Any, batch: Batch, random: torch.Generator) -> dict[str, Tensor]:
        """Return the graph embeddings `[G, hidden]` of the branch that the options name."""
        # A mixer with random weights draws the same ones for each batch, so that embeddings stay what they are.
        again, (near, far) = torch.Generator(batch.x.device).manual_seed(0), inputs_of(batch)
        which, combine = self.options.readout, COMBINED[self.options.branch]
        nodes, padded = combine(*encoder.readout(near, far, batch.edge_index, again, which)), None
        if self.options.padding == "largest":
            alone, b = encoder.padded(near, batch, again, which)
            padded = combine(alone.z, b)
        return {"": self.pooled(View(nodes, padded), batch)}

    def pooled(self, view: View, batch: Batch) -> Tensor:
        """Return a graph's embedding, `[G, hidden]`, of those of its nodes."""
        return averaged(view, batch) if self.options.pooling == "mean" else summed(view, batch)

    def _between_nodes(self, a: View, b: View, batch: Batch, random: Randomness) -> Tensor:
        """Return Eq. 10 without its diversity term."""
        options, drawn, weight = self.options, None, None
        if options.negatives == "batch" and len(a.nodes) > options.sample_size:
            order = torch.randperm(len(a.nodes), generator=random.torch, device=random.torch.device)
            drawn = order[: options.sample_size].to(batch.graph.device)
        if options.padding == "largest":
            x, y, graph, weight = rows((a, b), batch, drawn)
        else:
            x, y, graph = (z if drawn is None else z[drawn] for z in (a.nodes, b.nodes, batch.graph))
        if options.negatives == "batch":
            graph = torch.zeros_like(graph)
        return node_info_nce_by_graph(x, y, graph, options.temperature, options.contrast, weight)


def _bonds(name: str) -> RelampError:
    return RelampError(f"{name}: has bond types, which MVGRL and M-Mix do not see; leave these methods out of transfer")


def _parts(data: PackedGraphs) -> Iterator[PackedGraphs]:
    """Cut a data set into whole graphs of NODES_AT_ONCE nodes or a little more: graphs do not touch each other."""
    number = data.node_offset[:-1] // NODES_AT_ONCE
    for graphs in np.split(np.arange(len(data)), np.flatnonzero(np.diff(number)) + 1):
        part = data.take(graphs)
        if len(part.x):
            yield part


def inputs_of(batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the inputs of both branches, `[n, columns]` each."""
    if batch.features is None:
        raise ValueError("a batch for MVGRL needs features: see MMix.prepare")
    near, far = batch.features.chunk(2, dim=1)
    return near, far
