"""Image classification by a linear probe on stored features (M-Mix Table 7)."""

from collections.abc import Iterator

import pandas as pd

from relamp.data.images import PackedImages
from relamp.evaluate.embeddings import Run, by_epoch
from relamp.evaluate.linear_probe import evaluate_probe
from relamp.settings.evaluation import ImageProbe

COLUMNS = ("seed", "epoch", "run", "split", "metric", "value")


def score_image_probe(run: Run) -> Iterator[pd.DataFrame]:
    """Yield one row for each seed, epoch, run and part of the split; embeddings are arrays `epoch~K` of `[N, D]`."""
    chosen, images = ImageProbe.model_validate(run.protocol), PackedImages.load(run.data)
    split, runs = {"train": images.train, "test": images.test}, range(chosen.runs)
    fit = (chosen.steps, chosen.learning_rate, chosen.weight_decay, chosen.scaling)
    for seed in run.seeds:
        for epoch, array in by_epoch(run.embeddings[seed]):
            yield evaluate_probe(array, images.y, split, seed, runs, *fit).assign(seed=seed, epoch=epoch)
