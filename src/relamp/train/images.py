"""Contrastive pre-training on images: SimCLR, with mixing of its outputs (M-Mix, Section 4.4)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from relamp.augment.images import augment
from relamp.data.images import PackedImages
from relamp.data.packed import Integers
from relamp.loss.info_nce import node_objective
from relamp.mixing.base import ROWS_AT_ONCE
from relamp.mixing.similarity import make_mixer
from relamp.model.gin import mlp
from relamp.model.resnet import ResNet18
from relamp.settings.images import ImagePretraining
from relamp.train.graphs import batches
from relamp.train.loop import Resume, run_epochs

MIXED_COLUMNS = ("anchor", "image", "weight")


@dataclass
class TrainedImages:
    """What pre-training on images leaves behind.

    Attributes:
        encoder: weights and buffers of the last epoch, by name.
        embeddings: features `[N, D]` of all images, training and test, by checkpoint epoch.
        history: one row an epoch: epoch and mean losses.
        mixed: which images were mixed into some anchors in the end: image numbers `anchor` and `image`, and `weight`;
            the anchor's own weight among them. Empty where nothing is mixed.
    """

    encoder: dict[str, Tensor] = field(default_factory=dict)
    embeddings: dict[int, Tensor] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    mixed: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(MIXED_COLUMNS)))


class ImagePretrainer:
    """Everything a training run changes while it goes on: weights, optimiser, generators, results so far."""

    def __init__(
        self, data: PackedImages, mixer: str, settings: ImagePretraining, seed: int, device: torch.device
    ) -> None:
        """Draw the encoder, its head and the mixer's maps from the seed; the same ones for every mixer."""
        self.data, self.settings, self.device = data, settings, device
        weights = torch.Generator().manual_seed(seed)
        self.numpy = np.random.default_rng(seed)
        self.torch = torch.Generator(device).manual_seed(seed + 1)
        self.encoder = ResNet18(data.channels, settings.width, weights).to(device)
        dim = self.encoder.dim
        self.head = mlp([dim, dim, settings.projection], weights).to(device)
        self.mixer = make_mixer(mixer, settings.projection, settings.mix, weights).to(device)
        parts = (self.encoder, self.head, self.mixer)
        self.optimiser = torch.optim.Adam(
            [parameter for part in parts for parameter in part.parameters()],
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            foreach=False,
        )
        self.mean, self.std = (value.to(device) for value in _statistics(data))
        self.epoch = 0
        self.result = TrainedImages()
        self._keep_checkpoint()

    def run_epoch(self) -> None:
        """Take one pass over the training images and write down the mean losses."""
        self._train(True)
        train, sums = self.data.train, {"loss": 0.0, "info_nce": 0.0, "diversity": 0.0}
        order = self.numpy.permutation(len(train))
        # cuDNN would otherwise choose its algorithms by the clock.
        with torch.backends.cudnn.flags(deterministic=True, benchmark=False):
            for index in batches(len(train), self.settings.batch_size, order):
                loss, diversity = self._loss(train[index])
                self.optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                self.optimiser.step()
                terms = {"loss": loss, "info_nce": loss - diversity, "diversity": diversity}
                for name, value in terms.items():
                    sums[name] += value.item() * len(index)
        self.epoch += 1
        self.result.history.append({"epoch": self.epoch, **{k: v / len(train) for k, v in sums.items()}})
        self._keep_checkpoint()

    def _loss(self, index: Integers) -> tuple[Tensor, Tensor]:
        """Return Eq. 10 between two views of some images, the first of them mixed; and the diversity term in it.

        Without mixing this is SimCLR's NT-Xent: negatives are all other images in both views, and the positive is in
        the denominator too. Outputs are normalised before they are mixed, as Theorem 3.1 takes them to be.
        """
        images = self._load(index)
        z1, z2 = (F.normalize(self._project(augment(images, self.settings.views, self.torch)), dim=1) for _ in range(2))
        mixed = self.mixer(z1, None, self.torch)
        return node_objective(mixed.z, z2, mixed.diversity, self.settings.temperature), mixed.diversity

    def _load(self, index: Integers) -> Tensor:
        """Return images `[n, C, H, W]` with values from 0 to 1 on the device."""
        return torch.from_numpy(np.array(self.data.images[index])).to(self.device).float() / 255

    def _encode(self, images: Tensor) -> Tensor:
        features: Tensor = self.encoder((images - self.mean) / self.std)
        return features

    def _project(self, images: Tensor) -> Tensor:
        projected: Tensor = self.head(self._encode(images))
        return projected

    def _train(self, mode: bool) -> None:
        for part in (self.encoder, self.head, self.mixer):
            part.train(mode)

    def _keep_checkpoint(self) -> None:
        """Keep the embeddings of this epoch if they are wanted."""
        if self.epoch in self.settings.checkpoints:
            self.result.embeddings[self.epoch] = self.embed()

    @torch.no_grad()
    def embed(self) -> Tensor:
        """Return the features `[N, D]` of all images as they are, in evaluation mode, on the CPU."""
        self._train(False)
        every = np.arange(len(self.data))
        chunks = np.split(every, range(self.settings.batch_size, len(every), self.settings.batch_size))
        return torch.cat([self._encode(self._load(index)).cpu() for index in chunks])

    @torch.no_grad()
    def mixing_weights(self, random: np.random.Generator) -> pd.DataFrame:
        """Return what is mixed into some random training images, from a batch of them, see `TrainedImages.mixed`."""
        self._train(False)
        # Of larger batches the mixer keeps no weights.
        size = min(self.settings.batch_size, len(self.data.train), ROWS_AT_ONCE)
        batch = random.choice(self.data.train, size=size, replace=False)
        weights = self.mixer(F.normalize(self._project(self._load(batch)), dim=1), None, self.torch).weights
        if weights is None:
            return TrainedImages().mixed
        image, anchor = weights.pairs.cpu().numpy()
        shown = anchor < self.settings.picture_anchors
        columns = (batch[anchor], batch[image], weights.values.double().cpu().numpy())
        rows = pd.DataFrame(dict(zip(MIXED_COLUMNS, (column[shown] for column in columns), strict=True)))
        return rows.sort_values(["anchor", "weight", "image"], ascending=[True, False, True], ignore_index=True)

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on to the same final bits."""
        return {
            "epoch": self.epoch,
            "encoder": self.encoder.state_dict(),
            "head": self.head.state_dict(),
            "mixer": self.mixer.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "numpy": self.numpy.bit_generator.state,
            "torch": self.torch.get_state(),
            "embeddings": self.result.embeddings,
            "history": self.result.history,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a saved state."""
        self.epoch = state["epoch"]
        for name in ("encoder", "head", "mixer", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.numpy.bit_generator.state = state["numpy"]
        self.torch.set_state(state["torch"])
        self.result.embeddings, self.result.history = state["embeddings"], state["history"]


def _statistics(data: PackedImages) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each channel `[C, 1, 1]` over the training images, values from 0 to 1."""
    counts = np.zeros((data.channels, 256), dtype=np.int64)
    for channel in range(data.channels):
        # By counting, which is exact and holds one channel at a time.
        counts[channel] = np.bincount(data.images[data.train, channel].ravel(), minlength=256)
    values, total = np.arange(256) / 255, counts.sum(axis=1)
    mean = counts @ values / total
    std = np.sqrt((counts * (values - mean[:, None]) ** 2).sum(axis=1) / total)
    std[(counts > 0).sum(axis=1) < 2] = 1.0  # of one value alone, its deviation is 0 or rounding
    return torch.from_numpy(mean).float()[:, None, None], torch.from_numpy(std).float()[:, None, None]


def pretrain_images(
    data: PackedImages,
    mixer: str,
    settings: ImagePretraining,
    seed: int,
    *,
    device: torch.device | str = "cpu",
    resume: Resume | None = None,
    on_epoch: Callable[[int], None] = lambda _: None,
) -> TrainedImages:
    """Train a freshly drawn ResNet-18 on the training images without their labels.

    The same arguments on the same machine give the same bits, also through a stop and a resumption.

    Args:
        data: the images.
        mixer: one of `relamp.settings.mixing.MIXERS`; "none" is SimCLR.
        settings: epochs, batches, learning rate, width, views and mixing.
        seed: of weights, order and every draw.
        device: where to train.
        resume: where to save the state and to look for an earlier one.
        on_epoch: see `relamp.train.loop.run_epochs`.
    """
    trainer = ImagePretrainer(data, mixer, settings, seed, torch.device(device))
    run_epochs(trainer, settings.epochs, resume, on_epoch)
    trainer.result.mixed = trainer.mixing_weights(np.random.default_rng([seed, 1]))
    trainer.result.encoder = {name: value.cpu() for name, value in trainer.encoder.state_dict().items()}
    return trainer.result
