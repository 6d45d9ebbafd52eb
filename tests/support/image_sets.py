"""Small images for tests."""

import numpy as np

from relamp.data.images import PackedImages


def two_classes(channels: int = 1, count: int = 26, seed: int = 0) -> PackedImages:
    """Images of two classes: bright above or bright below."""
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 2
    pixels = rng.integers(0, 100, size=(count, channels, 8, 8))
    for number, of_class in enumerate(y):
        pixels[number, :, 4 * of_class : 4 * of_class + 4] += 150
    order = rng.permutation(count)
    return PackedImages("two", pixels.astype(np.uint8), y, np.sort(order[:18]), np.sort(order[18:]))
