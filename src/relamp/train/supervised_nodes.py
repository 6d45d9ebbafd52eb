"""Supervised training on nodes (M-Mix Table 2): a classifier of the nodes themselves, without any pre-training."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, get_args

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from relamp.data.nodes import PackedNodes
from relamp.data.packed import Integers
from relamp.data.streams import stream_number
from relamp.errors import RelampError
from relamp.evaluate.embeddings import Run
from relamp.evaluate.linear_probe import accuracy
from relamp.evaluate.node_probe import Split, splits_of
from relamp.model.supervised_nodes import NodeClassifier, SeenNodes, build_classifier, published
from relamp.settings.evaluation import NodeControls
from relamp.settings.supervised import NodeModel, SupervisedNodes
from relamp.train.adam import Adam
from relamp.train.jobs import choose_device
from relamp.train.supervised import descend

COLUMNS = ("seed", "run", "chosen", "split", "metric", "value")


@dataclass
class Watch:
    """Which epoch counts: that of the best validation accuracy, of equals that of the least loss, then the first.

    Training stops after `patience` epochs in which neither the accuracy was the best or as good, nor the loss the least
    or as small (GAT's public code). Without validation nodes, numbers that are no numbers, the last epoch counts.
    """

    patience: int
    epoch: int = 0
    chosen: int = 0
    waited: int = 0
    most: float = -math.inf
    least: float = math.inf
    best: tuple[float, float] = field(default=(-math.inf, -math.inf))

    def better(self, accuracy: float, loss: float) -> bool:
        """Take note of an epoch; return whether it is the one that counts so far."""
        self.epoch += 1
        told = not math.isnan(accuracy)
        self.waited = 0 if not told or accuracy >= self.most or loss <= self.least else self.waited + 1
        self.most, self.least = max(self.most, accuracy), min(self.least, loss)
        if told and (accuracy, -loss) <= self.best:
            return False
        self.best, self.chosen = (accuracy, -loss), self.epoch
        return True

    @property
    def over(self) -> bool:
        """Whether training stops."""
        return self.waited >= self.patience


def score_supervised_nodes(run: Run) -> Iterator[pd.DataFrame]:
    """Yield the accuracy on each part of the split, for each seed and run, of the model that the method names.

    `chosen` is the epoch of `Watch`, which never sees the test part; of several published settings, validation chooses
    as it does among epochs. The label's `options` are `NodeControls`. What was trained before a kill is not trained
    again. Raises RelampError for an unknown model, where nodes have several labels or a node of the split none, and
    where a loss is not finite.
    """
    chosen, data = SupervisedNodes.model_validate(run.protocol), PackedNodes.load(run.data)
    options, kind = NodeControls.model_validate(run.label.get("options", {})), run.label["method"]
    if data.y.ndim == 2:
        raise RelampError(f"{data.name}: has several labels a node, and supervised models tell classes apart")
    if kind not in get_args(NodeModel):
        raise RelampError(f"there is no supervised model of nodes {kind!r}; known: {', '.join(get_args(NodeModel))}")
    seen = SeenNodes.of(data, options.features, choose_device(1))
    arrays = [data.edge_index, data.feature_index, data.y]
    for seed in run.seeds:
        for runs, split in splits_of(data, chosen, seed):
            if any((data.y[part] < 0).any() for part in split.values()):
                raise RelampError(f"{data.name}: nodes of the split have no label")
            for number in runs:
                rows = run.shared(
                    [kind, run.protocol, options.features, seed, number],
                    [*arrays, *split.values()],
                    partial(_rows, kind, data, seen, split, chosen.epochs, seed, number),
                )
                yield rows.assign(seed=seed, run=number)


def _rows(
    kind: NodeModel, data: PackedNodes, seen: SeenNodes, split: Split, epochs: int, seed: int, run: int
) -> pd.DataFrame:
    device, fitted = seen.features.value.device, list[Fitted]()
    for constants in published(kind, data.name):
        weights = torch.Generator().manual_seed(stream_number(seed, "supervised", run))
        random = torch.Generator(device).manual_seed(stream_number(seed, "dropout", run))
        model = build_classifier(kind, constants, data.num_features, data.num_classes, weights, random).to(device)
        fitted.append(fit(model, seen, data.y, split, epochs))
    best = max(fitted, key=lambda each: each.validation)
    logits = best.logits.numpy()
    scores = {part: accuracy(logits[nodes], data.y[nodes]) for part, nodes in split.items() if len(nodes)}
    facts = {"chosen": best.epoch, "metric": "accuracy"}
    return pd.DataFrame([{**facts, "split": part, "value": value} for part, value in scores.items()])


class Fitted(NamedTuple):
    """A trained model: the epoch that `Watch` chose, its validation accuracy and negative loss, its logits `[N, C]`."""

    epoch: int
    validation: tuple[float, float]
    logits: Tensor


def fit(model: NodeClassifier, seen: SeenNodes, y: Integers, split: Split, epochs: int) -> Fitted:
    """Train on the training nodes, a step an epoch.

    Of the labels y `[N]` it uses those of training and validation alone. Raises RelampError where the loss is not
    finite.
    """
    constants, device = model.constants, seen.features.value.device
    parts = {name: torch.from_numpy(split[name].astype("int64")).to(device) for name in ("train", "valid")}
    wanted = {name: torch.from_numpy(y[split[name]].astype("int64")).to(device) for name in parts}
    optimisers = [
        Adam(weights, constants.learning_rate, decay)
        for weights, decay in ((model.first, constants.weight_decay), (model.rest, 0.0))
    ]
    watch, kept = Watch(constants.patience), torch.empty(0)
    for epoch in range(1, min(constants.epochs, epochs) + 1):
        model.train()
        loss = F.cross_entropy(model(seen)[parts["train"]], wanted["train"])
        descend(loss, f"supervised training: the loss of epoch {epoch}", *optimisers)
        model.eval()
        with torch.no_grad():
            logits = model(seen)
        told = logits[parts["valid"]]
        right = float((told.argmax(dim=1) == wanted["valid"]).double().mean())
        if watch.better(right, float(F.cross_entropy(told, wanted["valid"]))):
            kept = logits
        if watch.over:
            break
    return Fitted(watch.chosen, watch.best, kept.cpu())
