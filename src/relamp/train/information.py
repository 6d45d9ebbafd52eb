"""The job of the check of LAMP's Theorem 4.1 on stored encoders; a module of its own: editing it trains nothing."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from relamp.data.batch import Batch
from relamp.data.folds import load_folds
from relamp.data.packed import PackedGraphs
from relamp.data.rows import write_rows
from relamp.data.streams import stream, stream_number
from relamp.data.verified import check_trained, verified
from relamp.errors import RelampError
from relamp.method.augmented import augmented
from relamp.method.base import Randomness, build
from relamp.method.prune import Strategy, prune, weight_matrices
from relamp.method.simgrace import perturb
from relamp.model.embeddings import Embeddings, forward_with
from relamp.model.gin import GIN
from relamp.model.molecular_gin import MolecularGIN
from relamp.runtime.job import named
from relamp.runtime.made import of_rows, since
from relamp.runtime.progress import Progress
from relamp.settings.evaluation import InformationProtocol
from relamp.settings.graphs import GraphclOptions, Pretraining
from relamp.train.graphs import GraphTrainer

Floats = NDArray[np.float64]
Seen = tuple[str, float, str, int, Floats]  # `relamp.evaluate.pruned_views.View`
# Named, since rooms of one floor import none another.
MEASURE, COLOURS = "relamp.evaluate.pruned_views:measure_views", "relamp.evaluate.collisions:colour_partition"
COLUMNS = "relamp.evaluate.pruned_views:COLUMNS"


def information(
    data: Path,
    encoder: Mapping[int, Path],
    folds: Mapping[int, Path],
    seeds: Sequence[int],
    labels: Mapping[str, Any],
    method: Mapping[str, Any],
    settings: Mapping[str, Any],
    trainer: str,
    protocol: Mapping[str, Any],
    output: Path,
) -> None:
    """Measure what views of stored encoders tell, of classes and of one another, see `measure_views`.

    Args:
        data: packed graphs.
        encoder, folds: by seed, the stored encoder and the fold of each graph.
        seeds, labels: which, and facts of the rows: method, dataset, setting.
        method, settings, trainer: as `relamp.train.jobs.pretrain` takes them.
        protocol: an `InformationProtocol`.
        output: a CSV of one row per seed, view, draw, fold and estimator.

    Raises:
        RelampError: the method has another encoder than LAMP's, or encoders are those of another training.
    """
    torch.set_num_threads(1)
    chosen, digest = InformationProtocol.model_validate(protocol), verified(data)
    packed, made = PackedGraphs.load(data), build(method, Pretraining.model_validate(settings))
    training = {"method": dict(method), "settings": dict(settings), "data": digest}
    parts: list[pd.DataFrame] = []
    began = time.monotonic()
    words = f"{labels['dataset']} {labels['method']}, seeds measured"
    with Progress(words, len(seeds)) as progress:
        for done, seed in enumerate(seeds, start=1):
            check_trained(encoder[seed], {**training, "seed": seed})
            holder = named(trainer)(packed, made, seed)
            holder.encoder.load_state_dict(load_file(encoder[seed]))
            views = Views(holder, method["options"].get("strategy", "magnitude"))
            fold = load_folds(folds[seed], {"data": digest})
            parts.append(named(MEASURE)(views.all(chosen), views.colours(), packed.y, fold, seed, chosen))
            progress.to(done)
    worked = of_rows(since(began), encoder.values())
    facts = {**labels, "data": digest, "seeds": list(seeds), "protocol": dict(protocol), "made": worked}
    write_rows(output, parts, facts, named(COLUMNS))


class Views:
    """Ways to look at all graphs of a trainer by its encoder, in evaluation mode and double precision.

    In single precision, equal graphs whose nodes stand in another order differ in their last bits.
    """

    def __init__(self, holder: GraphTrainer, strategy: Strategy) -> None:
        if not isinstance(holder.encoder, GIN | MolecularGIN):
            raise RelampError(f"{type(holder.method).__name__}: has no weights that LAMP prunes; take another method")
        holder.mode(training=False)
        self.seed, self.encoder, self.strategy = holder.seed, holder.encoder.double(), strategy
        self.scope = holder.settings.lamp.prune_scope
        self.batches = [self._doubled(holder.batch(index)) for index in holder.chunks()]

    def _doubled(self, batch: Batch) -> Batch:
        """Return a batch with real-valued features of double precision, where the encoder takes such."""
        if isinstance(self.encoder, MolecularGIN):
            return batch
        return replace(batch, features=batch.inputs(self.encoder.cardinality).double())

    def all(self, protocol: InformationProtocol) -> Iterator[Seen]:
        """Yield embeddings by the dense encoder, by pruned ones, of augmented graphs, and by noisy encoders."""
        yield "encoder", 0.0, "-", 0, self.embedded()
        weights = weight_matrices(self.encoder)
        for gamma in protocol.gammas:
            masks = prune(weights, gamma, self.strategy, self.scope)
            yield "pruned", gamma, "-", 0, self.embedded({name: weights[name] * masks[name] for name in masks})
        draws = range(protocol.draws)
        for name, strength, reading in product(protocol.augmentations, protocol.strengths, protocol.readings):
            options = GraphclOptions(augmentations=(name,), strength=strength, reading=reading)
            for draw in draws:
                yield (
                    name,
                    strength,
                    reading,
                    draw,
                    self.augmented(options, self._random(name, strength, reading, draw)),
                )
        for eta, draw in product(protocol.noise, draws):
            noisy = perturb(self.encoder, eta, self._random("noise", eta, draw).torch)
            yield "noise", eta, "-", draw, self.embedded(noisy)

    @torch.no_grad()
    def embedded(self, weights: Mapping[str, Tensor] | None = None) -> Floats:
        """Return the embeddings `[G, D]` of the graphs as they are, with some weights of the encoder replaced."""
        parts = [forward_with(self.encoder, weights or {}, batch, own_statistics=False) for batch in self.batches]
        return _array(parts)

    @torch.no_grad()
    def augmented(self, options: GraphclOptions, random: Randomness) -> Floats:
        """Return the embeddings `[G, D]` of a view of each graph."""
        return _array([self.encoder(augmented(batch, options, self.encoder, random)) for batch in self.batches])

    def colours(self) -> NDArray[np.int64]:
        """Return the class of each graph after as many rounds of Weisfeiler and Leman as the encoder has layers."""
        whole = collate_batches(self.batches)
        x = whole.x if whole.features is None else whole.features
        labels = None if whole.edge_attr is None else whole.edge_attr.numpy()
        arrays = x.numpy(), whole.edge_index.numpy(), whole.graph.numpy()
        found: NDArray[np.int64] = named(COLOURS)(*arrays, whole.num_graphs, len(self.encoder.updates), labels)
        return found

    def _random(self, *purpose: str | float) -> Randomness:
        """Return the generators of a view and draw: further ones change no others'."""
        words = ("views", *map(str, purpose))
        generator = torch.Generator().manual_seed(stream_number(self.seed, *words))
        return Randomness(stream(self.seed, *words), generator)


def _array(parts: Sequence[Embeddings]) -> Floats:
    found: Floats = torch.cat([part.graph for part in parts]).numpy()
    return found


def collate_batches(batches: Sequence[Batch]) -> Batch:
    """Return the union of some batches."""
    nodes = np.cumsum([0, *(len(batch.x) for batch in batches)]).tolist()
    graphs = np.cumsum([0, *(batch.num_graphs for batch in batches)]).tolist()

    def joined(name: str) -> Tensor | None:
        parts = [getattr(batch, name) for batch in batches]
        return None if parts[0] is None else torch.cat(parts)

    return replace(
        batches[0],
        x=torch.cat([batch.x for batch in batches]),
        edge_index=torch.cat([batch.edge_index + n for batch, n in zip(batches, nodes, strict=False)], dim=1),
        graph=torch.cat([batch.graph + g for batch, g in zip(batches, graphs, strict=False)]),
        num_graphs=graphs[-1],
        edge_attr=joined("edge_attr"),
        features=joined("features"),
    )
