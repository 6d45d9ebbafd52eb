"""Fine-tuning a molecular encoder on labelled molecules, as pretrain-gnns does it (Hu et al. 2020)."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.data.batch import collate
from relamp.data.packed import MISSING, Integers, PackedGraphs
from relamp.errors import RelampError
from relamp.evaluate.roc_auc import roc_auc_per_task
from relamp.method.base import Loss
from relamp.model.gin import mlp
from relamp.model.molecular_gin import build_encoder
from relamp.settings.graphs import EncoderVariant
from relamp.settings.molecules import Finetuning
from relamp.train.trainer import Trained, Trainer


def masked_bce(logits: Tensor, y: Tensor) -> Tensor:
    """Return the cross-entropy `[]` of logits and y `[n, tasks]` (1, 0, MISSING) over labels present; 0 without any."""
    present = y != MISSING
    loss = F.binary_cross_entropy_with_logits(logits, y.clamp_min(0).to(logits.dtype), reduction="none")
    return (loss * present).sum() / present.sum().clamp_min(1)


class Finetuner(Trainer[PackedGraphs]):
    """Trains encoder and head on some molecules; its "embeddings" are the logits of others after each epoch.

    Data have labels `[G, tasks]`; `shape` is the encoder's width and number of layers, `pretrained` its weights and
    buffers, None to train from scratch; `variant` is the method's `EncoderVariant` in words. Raises RelampError if
    molecules are both trained on and scored, or there are no labels.
    """

    def __init__(
        self,
        data: PackedGraphs,
        train: Integers,
        scored: Integers,
        settings: Finetuning,
        shape: tuple[int, int],
        seed: int,
        pretrained: Mapping[str, Tensor] | None = None,
        device: torch.device | str = "cpu",
        variant: Mapping[str, Any] | None = None,
    ) -> None:
        self.messages = EncoderVariant.model_validate(variant or {}).messages
        shared = np.intersect1d(train, scored)
        if len(shared):
            raise RelampError(f"{data.name}: molecules {shared[:5].tolist()} would be both trained on and scored")
        if data.y.ndim != 2 or data.y.shape[1] == 0:
            raise RelampError(f"{data.name}: has no task labels to fine-tune on; choose another transfer data set")
        self.train, self.scored, self.shape = train, scored, shape
        super().__init__(data, settings, seed, device)
        if pretrained is not None:
            self.encoder.load_state_dict(dict(pretrained))

    def draw(self, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return a molecular encoder and one linear layer, a logit per task."""
        options = {"dropout": self.settings.dropout, "noise": self.random.torch, "messages": self.messages}
        initialisation = self.settings.initialisation
        encoder = build_encoder(self.data, *self.shape, generator, initialisation, **options)
        return encoder, mlp([encoder.dim, self.data.y.shape[1]], generator, initialisation)

    def samples(self) -> Integers:
        """Return the training molecules in a new order."""
        order: Integers = self.random.numpy.permutation(self.train)
        return order

    def loss(self, index: Integers) -> Loss:
        """Return the cross-entropy of a batch."""
        y = torch.from_numpy(self.data.y[index].astype(np.int64)).to(self.device)
        return Loss(masked_bce(self._logits(index), y))

    @torch.no_grad()
    def embed(self) -> dict[str, Tensor]:
        """Return the logits `[len(scored), tasks]` of the scored molecules in evaluation mode, on the CPU."""
        self.mode(training=False)
        chunks = np.split(self.scored, range(256, len(self.scored), 256))
        return {"": torch.cat([self._logits(index).cpu() for index in chunks])}

    def keep_checkpoint(self) -> None:
        """Score after every epoch."""
        if self.epoch:
            self.keep(self.epoch)

    def _logits(self, index: Integers) -> Tensor:
        logits: Tensor = self.head(self.encoder(collate(self.data, index).to(self.device)).graph)
        return logits


def refuse_one_class(data: PackedGraphs, parts: Mapping[str, Integers]) -> None:
    """Raise RelampError for a part of a split in which no task has both classes: it has no ROC-AUC to train for."""
    for part, index in parts.items():
        y = data.y[index]
        if not ((y == 1).any(axis=0) & (y == 0).any(axis=0)).any():
            fault = f"no task has both classes among the {len(index)} molecules of its {part} part"
            raise RelampError(f"{data.name}: {fault}, so nothing can be scored; use more molecules or another split")


def roc_auc_rows(
    data: PackedGraphs, trained: Trained, parts: Mapping[str, Integers], seed: int
) -> Iterator[pd.DataFrame]:
    """Yield the ROC-AUC per task after each epoch, for the scored molecules of each part, one part after another."""
    sizes = [len(index) for index in parts.values()]
    for epoch, logits in enumerate(trained.embeddings.values(), start=1):
        for (split, index), scores in zip(parts.items(), torch.split(logits, sizes), strict=True):
            area = roc_auc_per_task(data.y[index], scores.numpy())
            rows = area[["task", "roc_auc"]].rename(columns={"roc_auc": "value"})
            yield rows.assign(seed=seed, epoch=epoch, split=split, metric="roc_auc")
