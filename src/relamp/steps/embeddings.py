"""Stored embeddings of several seeds, as evaluations take them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relamp.data.packed import map_arrays


def by_seed_and_epoch(paths: Mapping[int, Path]) -> list[tuple[int, int, NDArray[np.float32]]]:
    """Return seed, checkpoint epoch and embeddings `[N, D]`, in this order, of a file with arrays `epoch~K` a seed."""
    found = {
        (seed, int(name.removeprefix("epoch~"))): array
        for seed, path in paths.items()
        for name, array in map_arrays(path)[0].items()
    }
    return [(seed, epoch, array) for (seed, epoch), array in sorted(found.items(), key=lambda item: item[0])]
