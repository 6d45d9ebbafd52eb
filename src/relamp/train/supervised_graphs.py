"""Supervised training on graphs (M-Mix Table 3): a classifier of the graphs themselves, in folds.

Each fold is trained for twice. GIN's public code trains on all graphs outside the fold and scores the fold after each
epoch; the printed number is that of the epoch with the best mean over the folds, so it has looked at the test parts:
`epoch-on-test` of `relamp.judge.runs`. The second training leaves out a part of these graphs and scores this part after
each epoch, by which `nested` chooses: it never sees the fold.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import get_args

import numpy as np
import pandas as pd
import torch
from scipy.sparse import csr_matrix
from torch.nn import functional as F

from relamp.data.batch import Batch, collate
from relamp.data.features import node_features
from relamp.data.folds import load_folds, stratified_folds
from relamp.data.packed import Integers, PackedGraphs, ranges
from relamp.data.rows import SVM_COLUMNS
from relamp.data.streams import stream, stream_number
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run
from relamp.model.supervised_graphs import GraphClassifier
from relamp.settings.graphs import Features
from relamp.settings.supervised import GraphModel, SupervisedGraphs
from relamp.train.adam import Adam
from relamp.train.jobs import choose_device
from relamp.train.supervised import descend

COLUMNS = SVM_COLUMNS
_SCORED_AT_ONCE = 256
# GIN's paper shows models no degrees here, where they tell most.
_CONSTANT = ("REDDIT-BINARY", "REDDIT-MULTI-5K")


def score_supervised_graphs(run: Run) -> Iterator[pd.DataFrame]:
    """Yield test and inner accuracy after each epoch, for each seed and fold, of the model that the method names.

    What was trained before a kill is not trained again. Raises RelampError for an unknown model, for graphs with
    several tasks, where a class is too small for the inner folds, where there is nothing to train on, and where a loss
    is not finite.
    """
    chosen, data = SupervisedGraphs.model_validate(run.protocol), PackedGraphs.load(run.data)
    kind, known = run.label["method"], get_args(GraphModel)
    if kind not in known:
        raise RelampError(f"there is no supervised model of graphs {kind!r}; known: {', '.join(known)}")
    if data.y.ndim != 1 or (data.y < 0).any():
        raise RelampError(f"{data.name}: supervised models need one class for each graph")
    x = seen_features(data)
    for seed in run.seeds:
        fold = load_folds(run.folds[seed])
        for number in np.unique(fold):
            rows = run.shared(
                [kind, run.protocol, seed, int(number)],
                [data.x, data.node_offset, data.edge_index, data.edge_offset, data.y, x.data, x.indices, fold],
                partial(_rows, kind, data, x, chosen, fold, seed, int(number)),
            )
            yield rows.assign(seed=seed, fold=int(number), candidate=0.0, selected=True)


def seen_features(data: PackedGraphs) -> csr_matrix[np.float32]:
    """Return what models see of the nodes, `[N, d]`: labels, or else degrees, or a constant on Reddit's graphs."""
    features: Features = "labels" if data.name in _CONSTANT else "labels-or-degrees"
    return node_features(data, features, int(data.degrees().max(initial=0)))


def is_labelled(data: PackedGraphs) -> bool:
    """Return whether nodes have labels: if not, GIN's paper has wider layers and means."""
    return data.cardinality != (1,) * len(data.cardinality)


def _rows(
    kind: GraphModel,
    data: PackedGraphs,
    x: csr_matrix[np.float32],
    settings: SupervisedGraphs,
    fold: Integers,
    seed: int,
    number: int,
) -> pd.DataFrame:
    train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
    aside = stratified_folds(
        *(data.y[train], settings.inner_folds, stream_number(seed, "aside", number)),
        f"{data.name}, outside fold {number}",
    )
    parts = {"test_accuracy": (train, test), "inner_accuracy": (train[aside != 0], train[aside == 0])}
    return pd.concat(
        pd.DataFrame({"epoch": np.arange(1, settings.epochs + 1), "metric": metric}).assign(
            value=GraphTraining(kind, data, x, settings, seed, (number, metric)).fit(*of)
        )
        for metric, of in parts.items()
    )


class GraphTraining:
    """A training under way, of which `purpose` tells the draws from those of another with the same seed."""

    def __init__(
        self,
        kind: GraphModel,
        data: PackedGraphs,
        x: csr_matrix[np.float32],
        settings: SupervisedGraphs,
        seed: int,
        purpose: tuple[int | str, ...],
    ) -> None:
        self.data, self.x, self.settings, self.device = data, x, settings, choose_device(1)
        labelled = is_labelled(data)
        hidden = settings.hidden or (32 if labelled else 64)
        mean = settings.readout == "mean" or (settings.readout == "paper" and not labelled)
        self.samples = stream(seed, "samples", *purpose)
        weights = torch.Generator().manual_seed(stream_number(seed, "weights", *purpose))
        random = torch.Generator(self.device).manual_seed(stream_number(seed, "dropout", *purpose))
        model = GraphClassifier(
            *(kind, x.shape[1], data.num_classes, hidden, settings.layers),
            dropout=settings.dropout,
            mean=mean,
            generator=weights,
            random=random,
        )
        self.model = model.to(self.device)
        self.optimiser = Adam(self.model.parameters(), settings.learning_rate)

    def fit(self, train: Integers, scored: Integers) -> list[float]:
        """Train on some graphs; return the accuracy on others after each epoch, of which no class is used to train.

        Raises RelampError where the loss is not finite or there are fewer than two nodes.
        """
        if self.data.num_nodes[train].sum() < 2:
            raise RelampError(f"{self.data.name}: supervised models need two nodes to train on")
        found, settings = [], self.settings
        for epoch in range(1, settings.epochs + 1):
            self.optimiser.lr = settings.learning_rate * 0.5 ** (epoch // settings.halved_after)
            self.model.train()
            for _ in range(settings.steps):
                self._step(self._drawn(train), epoch)
            found.append(self.accuracy(scored))
        return found

    @torch.no_grad()
    def accuracy(self, scored: Integers) -> float:
        """Return the share of graphs whose class the model says."""
        self.model.eval()
        right = 0
        for index in np.split(scored, range(_SCORED_AT_ONCE, len(scored), _SCORED_AT_ONCE)):
            right += int((self.model(self._batch(index)).argmax(dim=1) == self._classes(index)).sum())
        return right / len(scored)

    def _drawn(self, train: Integers) -> Integers:
        """Draw a batch without replacement, if need be larger: batch normalisation takes two nodes."""
        order: Integers = self.samples.permutation(train)
        needed = int(np.searchsorted(np.cumsum(self.data.num_nodes[order]), 2)) + 1
        return order[: max(self.settings.batch_size, needed)]

    def _step(self, index: Integers, epoch: int) -> None:
        loss = F.cross_entropy(self.model(self._batch(index)), self._classes(index))
        descend(loss, f"{self.data.name}: the loss of epoch {epoch}", self.optimiser)

    def _batch(self, index: Integers) -> Batch:
        features = torch.from_numpy(self.x[ranges(self.data.node_offset, index)].toarray())
        return replace(collate(self.data, index), features=features).to(self.device)

    def _classes(self, index: Integers) -> torch.Tensor:
        return torch.from_numpy(self.data.y[index].astype(np.int64)).to(self.device)
