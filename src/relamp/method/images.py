"""Base of the methods on images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from relamp.data.images import PackedImages
from relamp.method.base import Method
from relamp.mixing.base import PairWeights
from relamp.model.gin import mlp
from relamp.model.resnet import ResNet18
from relamp.settings.images import ImagePretraining


@dataclass(frozen=True)
class ImageBatch:
    """Images `[n, C, H, W]` on the device, values from 0 to 1; mean and std of each channel in training `[C, 1, 1]`."""

    images: Tensor
    mean: Tensor
    std: Tensor

    def normalised(self, images: Tensor) -> Tensor:
        """Return these images, or views of them, as an encoder sees them."""
        return (images - self.mean) / self.std


class ImageMethod(Method):
    """Trains a ResNet-18; a batch is an `ImageBatch`."""

    settings: ImagePretraining

    def prepare(self, data: PackedImages, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation of each channel `[C, 1, 1]` over the training images."""
        counts = np.zeros((data.channels, 256), dtype=np.int64)
        for channel in range(data.channels):
            # By counting, which is exact and holds one channel at a time.
            counts[channel] = np.bincount(data.images[data.train, channel].ravel(), minlength=256)
        values, total = np.arange(256) / 255, counts.sum(axis=1)
        mean = counts @ values / total
        std = np.sqrt((counts * (values - mean[:, None]) ** 2).sum(axis=1) / total)
        std[(counts > 0).sum(axis=1) < 2] = 1.0  # of one value alone, its deviation is 0 or rounding
        first, second = (torch.from_numpy(part).float()[:, None, None].to(device) for part in (mean, std))
        return first, second

    def draw(self, data: PackedImages, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return a ResNet-18 and SimCLR's projection head (Chen et al. 2020)."""
        encoder = ResNet18(data.channels, self.settings.width, generator)
        return encoder, mlp([encoder.dim, encoder.dim, self.settings.projection], generator)

    def embed(self, encoder: Any, head: Any, batch: ImageBatch, random: torch.Generator) -> Mapping[str, Tensor]:
        """Return the features `[n, D]` of the images as they are."""
        return {"": encoder(batch.normalised(batch.images))}

    def weights(self, encoder: Any, head: Any, batch: ImageBatch, random: torch.Generator) -> PairWeights | None:
        """Return which image of the batch is mixed into which one, for the picture grid (M-Mix Fig. 4)."""
        return None
