"""Contrastive pre-training on images (M-Mix, Section 4.4)."""

import numpy as np
import pandas as pd
import torch

from relamp.data.images import PackedImages
from relamp.data.packed import Integers
from relamp.data.streams import stream
from relamp.method.images import ImageBatch, ImageMethod
from relamp.mixing.base import ROWS_AT_ONCE
from relamp.settings.images import ImagePretraining
from relamp.train.trainer import Between, Pretrainer, nothing


class ImageTrainer(Pretrainer[PackedImages]):
    """Passes over the training images in a new order each epoch; embeds training and test images.

    The result has a table `mixed`: which images were mixed into some training images in the end (`anchor`, `image`,
    `weight`, the anchor's own weight among them); it is empty where nothing is mixed.
    """

    settings_class, opened = ImagePretraining, PackedImages.load
    method: ImageMethod

    def samples(self) -> Integers:
        """Return the training images in a new order."""
        return self.data.train[self.random.numpy.permutation(len(self.data.train))]

    def batch(self, index: Integers) -> ImageBatch:
        """Return some images with values from 0 to 1."""
        images = torch.from_numpy(np.array(self.data.images[index])).to(self.device).float() / 255
        return ImageBatch(images, *self.prepared)

    def run_epoch(self, between: Between = nothing) -> None:
        """Take a pass by algorithms that cuDNN does not choose by the clock."""
        with torch.backends.cudnn.flags(deterministic=True, benchmark=False):
            super().run_epoch(between)

    def finish(self) -> None:
        """Write down what is mixed into some random training images."""
        self.result.tables["mixed"] = self._mixed(stream(self.seed, "picture"))

    @torch.no_grad()
    def _mixed(self, random: np.random.Generator) -> pd.DataFrame:
        self.mode(training=False)
        # Of larger batches the mixer keeps no weights.
        size = min(self.settings.batch_size, len(self.data.train), ROWS_AT_ONCE)
        chosen = random.choice(self.data.train, size=size, replace=False)
        weights = self.method.weights(self.encoder, self.head, self.batch(chosen), self.random.torch)
        if weights is None:
            return pd.DataFrame(columns=["anchor", "image", "weight"])
        image, anchor = weights.pairs.cpu().numpy()
        shown = anchor < self.settings.picture_anchors
        columns = {"anchor": chosen[anchor], "image": chosen[image], "weight": weights.values.double().cpu().numpy()}
        rows = pd.DataFrame({name: column[shown] for name, column in columns.items()})
        return rows.sort_values(["anchor", "weight", "image"], ascending=[True, False, True], ignore_index=True)
