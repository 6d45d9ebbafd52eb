"""Pre-train one method on one set of images, seed after seed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.data.images import PackedImages
from relamp.data.local_copy import near
from relamp.runtime.files import write_csv, write_json
from relamp.settings.images import IMAGE_METHODS, ImagePretraining
from relamp.steps.training import choose_device, train_seeds, training_facts, write_tensors
from relamp.train.images import TrainedImages, pretrain_images
from relamp.train.loop import Resume


def pretrain_image_seeds(
    data_path: Path,
    folders: Mapping[int, Path],
    state_folder: Path,
    method: str,
    settings: Mapping[str, Any],
    code: Sequence[Path],
    threads: int = 1,
) -> None:
    """Pre-train an encoder for each seed and write its folder: encoder, embeddings, history, mixed.csv and run.json.

    Seeds that an earlier, killed job has finished are not trained again, and the one it was at goes on.

    Args:
        data_path: packed images.
        folders: the output folder of each seed.
        state_folder: where training states are kept, one file a seed.
        method: one of `relamp.settings.images.IMAGE_METHODS`.
        settings: see `relamp.settings.images.ImagePretraining`.
        code: the source files that the result depends on.
        threads: CPU threads.
    """
    device, row = choose_device(threads), IMAGE_METHODS[method]
    data = PackedImages.load(near(data_path))
    chosen = ImagePretraining.model_validate(settings)
    if not row.trains:
        chosen = chosen.model_copy(update={"epochs": 0, "checkpoints": (0,)})
    facts = training_facts(data_path, code, chosen, threads, device, method={"name": method, "mixer": row.mixer})

    def train(seed: int, resume: Resume, on_epoch: Callable[[int], None]) -> TrainedImages:
        return pretrain_images(data, row.mixer, chosen, seed, device=device, resume=resume, on_epoch=on_epoch)

    for seed, trained, own in train_seeds(folders, state_folder, facts, f"{data.name} {method}", chosen.epochs, train):
        _write(folders[seed], trained, {**own, "dataset": data.name})


def _write(folder: Path, trained: TrainedImages, facts: Mapping[str, Any]) -> None:
    write_tensors(folder / "encoder.safetensors", trained.encoder)
    embeddings = {f"epoch~{epoch}": value for epoch, value in trained.embeddings.items()}
    write_tensors(folder / "embeddings.safetensors", embeddings)
    columns = ["epoch", "loss", "info_nce", "diversity"]
    write_csv(folder / "history.csv", pd.DataFrame(trained.history or None, columns=columns))
    write_csv(folder / "mixed.csv", trained.mixed)
    write_json(folder / "run.json", facts)
