"""Image classification by a linear probe on stored features (M-Mix Table 7)."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relamp.data.images import PackedImages
from relamp.evaluate.embeddings import Run, by_epoch
from relamp.evaluate.linear_probe import evaluate_probe
from relamp.settings.evaluation import ImageProbe

COLUMNS = ("seed", "epoch", "run", "split", "metric", "value")


def score_image_probe(run: Run) -> Iterator[pd.DataFrame]:
    """Yield one row for each seed, epoch, run and part of the split; embeddings are arrays `epoch~K` of `[N, D]`."""
    chosen, images = ImageProbe.model_validate(run.protocol), PackedImages.load(run.data)
    split, runs = {"train": images.train, "test": images.test}, range(chosen.runs)
    fit = (chosen.steps, chosen.learning_rate, chosen.weight_decay)
    for seed in run.seeds:
        for epoch, array in by_epoch(run.embeddings[seed]):
            features = scaled(array, images.train, chosen.scaling)
            yield evaluate_probe(features, images.y, split, seed, runs, *fit).assign(seed=seed, epoch=epoch)


def scaled(features: NDArray[np.float32], train: NDArray[np.int64], scaling: str) -> NDArray[np.float32]:
    """Return features `[N, D]` standardised by the rows of `train`, each of length 1, or as they are.

    A feature that is the same in all rows of `train` becomes 0 there; features of length 0 stay so.
    """
    shift: NDArray[Any] = np.zeros(1, dtype=np.float32)
    scale: NDArray[Any] = np.ones(1, dtype=np.float32)
    if scaling == "length":
        scale = np.linalg.norm(features, axis=1, keepdims=True)
    elif scaling == "standard":
        shift, scale = features[train].mean(axis=0), features[train].std(axis=0)
        # Where a feature does not vary, its deviation is rounding alone, which must not be blown up.
        scale = np.where(scale > 1e-6 * np.abs(shift), scale, 0)
    return np.asarray((features - shift) / np.where(scale > 0, scale, 1).astype(np.float32))
