"""Base of M-Mix and its host MVGRL on graphs: two branches, on the adjacency and on its diffusion."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from relamp.data.batch import Batch
from relamp.data.corpus import PackedCorpus
from relamp.data.features import node_features, num_columns
from relamp.data.packed import PackedGraphs
from relamp.errors import RelampError
from relamp.method.graphs import GraphMethod
from relamp.model.mvgrl import COMBINED, Combine, MVGRLEncoder, branch_inputs
from relamp.model.padding import View, averaged, missing, summed
from relamp.settings.graphs import Features, FirstLabel, MmixOptions, Pretraining

NODES_AT_ONCE = 50_000


class TwoBranches(GraphMethod):
    """A method on the branches of MVGRL; a batch has `S_a X` and `S_b X` side by side.

    Its branches' operators have self-loops of their own, so that none are added to a batch.

    The settings' group `mmix` has options, which `options` override, and overrides of the settings that all methods
    share.
    """

    adds_loops = False

    def __init__(self, settings: Pretraining, options: Mapping[str, Any] | None = None) -> None:
        own = settings.mmix.training
        update = {} if own is None else own.model_dump(exclude={"host_learning_rate"})
        super().__init__(settings.model_copy(update=update))
        given, more = settings.mmix.model_dump(), dict(options or {})
        mix = {**given["mix"], **more.pop("mix", {})}
        self.options = MmixOptions.model_validate({**given, **more, "mix": mix})

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
        """Return the graph embeddings `[G, hidden]` of both branches together, and of each alone (Table 6)."""
        # A mixer with random weights draws the same ones for each batch, so that embeddings stay what they are.
        again, (near, far) = torch.Generator(batch.x.device).manual_seed(0), inputs_of(batch)
        which = self.options.readout
        a, b = encoder.readout(near, far, batch.edge_index, again, which)
        padded = None
        if self.options.padding == "largest":
            mixed, other = encoder.padded(near, batch, again, which)
            padded = mixed.z, other

        def pooled(combine: Combine) -> Tensor:
            return self.pooled(View(combine(a, b), combine(*padded) if padded else None), batch)

        return self.by_branch(pooled)

    def by_branch(self, embedded: Callable[[Combine], Tensor]) -> dict[str, Tensor]:
        """Return what is stored, of what embeds graphs by one embedding of both branches that is made of theirs."""
        return {branch: embedded(COMBINED[branch or self.options.branch]) for branch in ("", "a", "b")}

    def pooled(self, view: View, batch: Batch) -> Tensor:
        """Return a graph's embedding, `[G, hidden]`, of those of its nodes."""
        return averaged(view, batch) if self.options.pooling == "mean" else summed(view, batch)


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
        raise ValueError("a batch for MVGRL needs features: see TwoBranches.prepare")
    near, far = batch.features.chunk(2, dim=1)
    return near, far
