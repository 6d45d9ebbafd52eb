"""Fine-tuning a molecular encoder on labelled molecules, as pretrain-gnns does it."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from relamp.data.batch import collate
from relamp.data.packed import MISSING, Integers, PackedGraphs
from relamp.errors import RelampError
from relamp.model.build import build_encoder
from relamp.model.heads import prediction_head
from relamp.settings.molecules import Finetuning
from relamp.train.graphs import batches
from relamp.train.loop import Resume, run_epochs


def masked_bce(logits: Tensor, y: Tensor) -> Tensor:
    """Return the binary cross-entropy `[]` averaged over the labels that are present; 0 where none is.

    Args:
        logits: `[n, tasks]`.
        y: `[n, tasks]` with 1, 0 and MISSING.
    """
    present = y != MISSING
    loss = F.binary_cross_entropy_with_logits(logits, y.clamp_min(0).to(logits.dtype), reduction="none")
    return (loss * present).sum() / present.sum().clamp_min(1)


class Finetuner:
    """Everything a fine-tuning run changes while it goes on."""

    def __init__(
        self,
        data: PackedGraphs,
        train: Integers,
        scored: Integers,
        settings: Finetuning,
        shape: tuple[int, int],
        seed: int,
        device: torch.device,
        pretrained: Mapping[str, Tensor] | None,
    ) -> None:
        """Draw the head, and the encoder too unless a pre-trained one is given."""
        self.data, self.train, self.scored, self.settings, self.device = data, train, scored, settings, device
        weights = torch.Generator().manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.noise = torch.Generator(device).manual_seed(seed + 1)
        self.encoder = build_encoder(data, *shape, weights, settings.dropout, self.noise).to(device)
        self.head = prediction_head(self.encoder.dim, data.y.shape[1], weights).to(device)
        if pretrained is not None:
            self.encoder.load_state_dict(dict(pretrained))
        parameters = [*self.encoder.parameters(), *self.head.parameters()]
        self.optimiser = torch.optim.Adam(parameters, lr=settings.learning_rate, foreach=False)
        self.epoch = 0
        self.scores: list[Tensor] = []

    def run_epoch(self) -> None:
        """Take one pass over the training molecules, then score the others."""
        self.encoder.train()
        for index in batches(len(self.train), self.settings.batch_size, self.rng.permutation(self.train)):
            logits = self.head(self.encoder(collate(self.data, index).to(self.device)).graph)
            y = torch.from_numpy(self.data.y[index].astype(np.int64)).to(self.device)
            self.optimiser.zero_grad()
            masked_bce(logits, y).backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
        self.epoch += 1
        self.scores.append(self._score(self.scored))

    @torch.no_grad()
    def _score(self, index: Integers) -> Tensor:
        """Return the logits `[len(index), tasks]` of some molecules in evaluation mode, on the CPU."""
        self.encoder.eval()
        chunks = np.split(index, range(256, len(index), 256))
        return torch.cat([self.head(self.encoder(collate(self.data, i).to(self.device)).graph).cpu() for i in chunks])

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on to the same final bits."""
        return {
            "epoch": self.epoch,
            "encoder": self.encoder.state_dict(),
            "head": self.head.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "numpy": self.rng.bit_generator.state,
            "noise": self.noise.get_state(),
            "scores": self.scores,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a saved state."""
        self.epoch, self.scores = state["epoch"], state["scores"]
        self.encoder.load_state_dict(state["encoder"])
        self.head.load_state_dict(state["head"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.rng.bit_generator.state = state["numpy"]
        self.noise.set_state(state["noise"])


def finetune(
    data: PackedGraphs,
    train: Integers,
    scored: Integers,
    settings: Finetuning,
    shape: tuple[int, int],
    seed: int,
    pretrained: Mapping[str, Tensor] | None,
    *,
    device: torch.device | str = "cpu",
    resume: Resume | None = None,
    on_epoch: Callable[[int], None] = lambda _: None,
) -> list[Tensor]:
    """Train encoder and head on the molecules `train`; return the logits of the molecules `scored` after each epoch.

    Args:
        data: molecules with labels `[G, tasks]`.
        train, scored: molecule numbers, no molecule in both.
        settings: epochs, batches, learning rate, dropout.
        shape: width and number of layers of the encoder, as it was pre-trained.
        seed: of the head, the order of molecules and dropout (and the encoder's weights where none are given).
        pretrained: weights and buffers of the encoder, or None to train from scratch.
        device: where to train.
        resume: where to save the state and to look for an earlier one.
        on_epoch: see `relamp.train.loop.run_epochs`.

    Raises:
        RelampError: if molecules are both trained on and scored, or there are no labels.
    """
    shared = np.intersect1d(train, scored)
    if len(shared):
        raise RelampError(f"{data.name}: molecules {shared[:5].tolist()} would be both trained on and scored")
    if data.y.ndim != 2 or data.y.shape[1] == 0:
        raise RelampError(f"{data.name}: has no task labels to fine-tune on; choose another transfer data set")
    tuner = Finetuner(data, train, scored, settings, shape, seed, torch.device(device), pretrained)
    run_epochs(tuner, settings.epochs, resume, on_epoch)
    return tuner.scores
