"""Score stored features of images by a linear classifier."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relamp.data.images import PackedImages
from relamp.data.rows import write_rows
from relamp.evaluate.linear_probe import evaluate_probe
from relamp.runtime.kept import score_each
from relamp.runtime.progress import Progress
from relamp.settings.evaluation import ImageProbe
from relamp.steps.embeddings import by_seed_and_epoch

IMAGE_PROBE_COLUMNS = ("method", "dataset", "seed", "epoch", "run", "split", "metric", "value")


def probe_images(
    data_path: Path,
    embeddings: Mapping[int, Path],
    labels: Mapping[str, Any],
    protocol: Mapping[str, Any],
    output: Path,
) -> None:
    """Write one row for each seed, checkpoint epoch, run and split ("train" and "test") (M-Mix Table 7).

    Args:
        data_path: packed images, for their classes and their split.
        embeddings: a file for each seed; arrays `epoch~K` of `[N, D]`.
        labels: columns that say what the rows belong to: method, dataset.
        protocol: see `relamp.settings.images.ImageProbe`.
        output: the CSV.
    """
    chosen, data = ImageProbe.model_validate(protocol), PackedImages.load(data_path)
    split = {"train": data.train, "test": data.test}
    arrays = by_seed_and_epoch(embeddings)
    parts = []
    with Progress(f"{labels['dataset']} {labels['method']}, linear probes", len(arrays)) as progress:
        for seed, epoch, array in arrays:
            rows = evaluate_probe(
                scaled(array, data.train, chosen.scaling),
                data.y,
                split,
                seed,
                range(chosen.runs),
                chosen.steps,
                chosen.learning_rate,
                chosen.weight_decay,
            )
            parts.append(rows.assign(seed=seed, epoch=epoch))
            progress.to(len(parts))
    write_rows(output, parts, labels, IMAGE_PROBE_COLUMNS)


def probe_image_runs(data_path: Path, protocol: Mapping[str, Any], **runs: Any) -> None:
    """Do this for several methods on one data set; for `runs` see `relamp.runtime.kept.score_each`."""
    score_each(probe_images, {"data_path": data_path, "protocol": protocol}, **runs)


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
    result: NDArray[np.float32] = (features - shift) / np.where(scale > 0, scale, 1).astype(np.float32)
    return result
