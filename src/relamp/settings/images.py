"""Settings of pre-training on images."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from relamp.settings import base
from relamp.settings.mixing import MixSettings


class ImageViews(base.Settings):
    """How the two views of an image are made (SimCLR on CIFAR: Chen et al. 2020, A and B.9, at strength 0.5)."""

    crop_area: tuple[base.Positive, base.Positive] = (0.08, 1.0)
    """Smallest and largest share of the image that a crop covers."""
    crop_ratio: tuple[base.Positive, base.Positive] = (3 / 4, 4 / 3)
    """Smallest and largest ratio of a crop's width to its height."""
    flip: base.Probability = 0.5
    """Probability of a horizontal flip; 0 where left and right have a meaning, as in digits."""
    jitter: base.Probability = 0.8
    """Probability that the colours of an image are changed."""
    brightness: base.NotNegative = 0.4
    """Strength s of brightness changes: factors are drawn from 1 - s to 1 + s, but not below 0."""
    contrast: base.NotNegative = 0.4
    """Strength s of contrast changes, drawn likewise."""
    saturation: base.NotNegative = 0.4
    """Strength s of saturation changes, drawn likewise."""
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    """Largest turn of the hue in either direction, as a share of the full circle."""
    grey: base.Probability = 0.2
    """Probability that an image loses its colours."""

    @model_validator(mode="after")
    def _ranges_are_ranges(self) -> Self:
        if not self.crop_area[0] <= self.crop_area[1] <= 1:
            raise ValueError(f"crop_area {self.crop_area}: least and greatest share of an image are wanted, at most 1")
        if not self.crop_ratio[0] <= self.crop_ratio[1]:
            raise ValueError(f"crop_ratio {self.crop_ratio}: the least ratio comes first")
        return self


class ImagePretraining(base.Settings):
    """Contrastive pre-training on images: SimCLR with mixing (M-Mix, Section 4.4 and Table 7)."""

    epochs: base.Epoch = 500
    """Passes over the training images."""
    checkpoints: base.Checkpoints = (0, 500)
    """Epochs whose embeddings are stored; 0 is before training."""
    batch_size: base.AtLeastTwo = 256
    """Images per step."""
    learning_rate: base.Positive = 1e-3
    """Learning rate of Adam."""
    weight_decay: base.NotNegative = 1e-6
    """Weight decay of Adam."""
    width: base.Count = 64
    """Number of channels of the first stage of ResNet-18."""
    projection: base.Count = 128
    """Width of the projection that is mixed and contrasted."""
    temperature: base.Temperature = 0.4
    """Temperature tau of the contrastive loss."""
    views: ImageViews = ImageViews()
    """How images are augmented."""
    mix: MixSettings = MixSettings(scope="op", threshold=0.95, score_gradient=False)
    """Options of the mixers; the scope is op, since images have no neighbours. The threshold, and that there is no
    gradient through similarities, are those of the public code for images."""
    mixed_length: Literal["as-mixed", "unit"] = "as-mixed"
    """Whether mixed outputs are contrasted as they are, a mean of vectors of length 1 (as-mixed, the public code), or
    brought to length 1 again (unit)."""
    picture_anchors: base.Count = 8
    """Number of images whose mixing weights are written at the end, for the picture grid (Fig. 4)."""

    @field_validator("mix")
    @classmethod
    def _has_no_prior(cls, mix: MixSettings) -> MixSettings:
        if mix.scope != "op":
            raise ValueError("the scope of mixing must be 'op': images have no neighbours")
        return mix
