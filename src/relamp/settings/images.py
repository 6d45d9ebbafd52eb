"""Settings of the experiments on images. This file imports no torch."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from relamp.settings.base import Count, Epoch, Positive, Settings, reached
from relamp.settings.mixing import MixSettings

Probability = Annotated[float, Field(ge=0, le=1)]


class ImageViews(Settings):
    """What the two views of an image go through (SimCLR on CIFAR: Chen et al. 2020, A and B.9, at strength 0.5).

    Attributes:
        crop_area: least and greatest share of the image that a crop covers.
        crop_ratio: least and greatest ratio of a crop's width to its height.
        flip: probability of a horizontal flip; 0 where left and right have a meaning, as in digits.
        jitter: probability that the colours of an image are changed.
        brightness, contrast, saturation: factors are drawn from 1 - s to 1 + s, and not below 0.
        hue: the greatest turn of the hue, of a full circle.
        grey: probability that an image loses its colours.
    """

    crop_area: tuple[Positive, Positive] = (0.08, 1.0)
    crop_ratio: tuple[Positive, Positive] = (3 / 4, 4 / 3)
    flip: Probability = 0.5
    jitter: Probability = 0.8
    brightness: Annotated[float, Field(ge=0)] = 0.4
    contrast: Annotated[float, Field(ge=0)] = 0.4
    saturation: Annotated[float, Field(ge=0)] = 0.4
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    grey: Probability = 0.2

    @model_validator(mode="after")
    def _ranges_are_ranges(self) -> Self:
        if not self.crop_area[0] <= self.crop_area[1] <= 1:
            raise ValueError(f"crop_area {self.crop_area}: least and greatest share of an image are wanted, at most 1")
        if not self.crop_ratio[0] <= self.crop_ratio[1]:
            raise ValueError(f"crop_ratio {self.crop_ratio}: the least ratio comes first")
        return self


class ImagePretraining(Settings):
    """Contrastive pre-training on images: SimCLR with mixing (M-Mix, Section 4.4 and Table 7).

    Attributes:
        epochs: passes over the training images.
        checkpoints: epochs whose embeddings are kept; 0 is before any training.
        batch_size: images per step.
        learning_rate, weight_decay: of Adam.
        width: of the first stage of ResNet-18.
        projection: width of the output that is mixed and contrasted.
        temperature: tau.
        views: how images are augmented.
        mix: options of the mixers; the scope is "op", for images have no neighbours.
        picture_anchors: images whose mixing weights are written down in the end, for the picture grid (Fig. 4).
    """

    epochs: Epoch = 500
    checkpoints: tuple[Epoch, ...] = Field(default=(0, 500), validate_default=True)
    batch_size: Annotated[int, Field(ge=2)] = 256
    learning_rate: Positive = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 1e-6
    width: Count = 64
    projection: Count = 128
    temperature: Annotated[float, Field(ge=0.025)] = 0.4
    views: ImageViews = ImageViews()
    mix: MixSettings = MixSettings(scope="op")
    picture_anchors: Count = 8

    @field_validator("checkpoints")
    @classmethod
    def _are_reached(cls, checkpoints: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        return reached(checkpoints, info.data.get("epochs"))

    @field_validator("mix")
    @classmethod
    def _has_no_prior(cls, mix: MixSettings) -> MixSettings:
        if mix.scope != "op":
            raise ValueError("the scope of mixing must be 'op': images have no neighbours")
        return mix


class ImageProbe(Settings):
    """The linear classifier on frozen features, see `relamp.evaluate.linear_probe`.

    Attributes:
        scaling: features are standardised by the training images, brought to length 1 (the public code that M-Mix
            builds on), or left as they are.
        runs: classifiers a set of features, which differ in the weights they start from.
        steps, learning_rate, weight_decay: of Adam, all training images per step.
    """

    scaling: Literal["standard", "length", "none"] = "standard"
    runs: Count = 1
    steps: Count = 300
    learning_rate: Positive = 0.01
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
