"""Images with their classes and a split, in one memory-mapped safetensors file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import Integers, Packed


@dataclass(frozen=True)
class PackedImages(Packed):
    """Images of one size, one after another.

    Attributes:
        images: `[N, C, H, W]` uint8, 0 is black; C is 3 (red, green, blue) or 1 (grey).
        y: `[N]` class numbers from 0.
        train, test: image numbers of the split, ascending.
        info: free facts about the origin, and under `classes` the names of the classes, stored in the file's header.
    """

    header = holds = "images"

    images: NDArray[np.uint8]
    y: Integers
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    info: Mapping[str, Any] = field(default_factory=dict)

    def _faults(self) -> Iterator[str]:
        if self.images.ndim != 4 or self.images.shape[1] not in (1, 3) or self.images.dtype != np.uint8:
            yield f"images {self.images.shape} of {self.images.dtype}, but [N, 1 or 3, H, W] of uint8 is wanted"
        if self.y.shape != self.images.shape[:1]:
            yield f"{len(self.images)} images, labels {self.y.shape}"
        if self.y.size and self.y.min() < 0:
            yield "labels below 0"
        split = np.concatenate([self.train, self.test])
        if len(np.unique(split)) != len(split) or (split.size and (split.min() < 0 or split.max() >= len(self.y))):
            yield "the parts of the split share images or name images that are not there"

    def __len__(self) -> int:
        return len(self.y)

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return int(self.y.max(initial=-1)) + 1

    @property
    def channels(self) -> int:
        """Number of colour channels: 1 or 3."""
        return int(self.images.shape[1])

    def class_name(self, number: int) -> str:
        """Return the name of a class, or its number where upstream names none."""
        names = self.info.get("classes") or ()
        return str(names[number]) if number < len(names) else str(number)
