"""SimCLR with mixing of its outputs (Chen et al. 2020; M-Mix Section 4.4 and Table 7)."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from relamp.augment.images import augment
from relamp.data.images import PackedImages
from relamp.loss.info_nce import node_objective
from relamp.method.base import Loss, Randomness
from relamp.method.images import ImageBatch, ImageMethod
from relamp.mixing.base import PairWeights
from relamp.mixing.similarity import make_mixer
from relamp.settings.images import ImagePretraining


class SimCLR(ImageMethod):
    """Contrasts two views of each image, the first one mixed with the others of the batch.

    Outputs are normalised before they are mixed, as Theorem 3.1 assumes, and if the settings say so after it; the mixer
    "none" is SimCLR itself.
    """

    terms = ("info_nce", "diversity")

    def __init__(self, settings: ImagePretraining, mixer: str = "none") -> None:
        super().__init__(settings)
        self.mixer = mixer

    def draw(self, data: PackedImages, generator: torch.Generator) -> tuple[nn.Module, nn.Module]:
        """Return a ResNet-18, the same one for every mixer; and projection head and mixer."""
        encoder, project = super().draw(data, generator)
        mixer = make_mixer(self.mixer, self.settings.projection, self.settings.mix, generator)
        return encoder, nn.ModuleList([project, mixer])

    def loss(self, encoder: Any, head: Any, batch: ImageBatch, random: Randomness) -> Loss:
        """Return M-Mix's Eq. 10 between two views.

        Without mixing this is SimCLR's NT-Xent: negatives are all other images in both views, and the positive is in
        the denominator too.
        """
        _, mixer = head
        z1, z2 = (
            self._outputs(encoder, head, batch, augment(batch.images, self.settings.views, random.torch))
            for _ in range(2)
        )
        mixed = mixer(z1, None, random.torch)
        as_given = self.settings.mixed_length == "as-mixed"
        total = node_objective(mixed.z, z2, mixed.diversity, self.settings.temperature, as_given)
        return Loss(total, {"info_nce": total - mixed.diversity, "diversity": mixed.diversity})

    def weights(self, encoder: Any, head: Any, batch: ImageBatch, random: torch.Generator) -> PairWeights | None:
        """Return the mixing weights of the images as they are."""
        _, mixer = head
        weights: PairWeights | None = mixer(self._outputs(encoder, head, batch, batch.images), None, random).weights
        return weights

    def _outputs(self, encoder: Any, head: Any, batch: ImageBatch, images: Tensor) -> Tensor:
        """Return the projected features `[n, d]`, of length 1."""
        project, _ = head
        return F.normalize(project(encoder(batch.normalised(images))), dim=1)
