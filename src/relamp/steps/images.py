"""Pre-train one method on one set of images, seed after seed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import save_file

from relamp.checkpoint import fingerprint
from relamp.closure import closure_sha256
from relamp.data.images import PackedImages
from relamp.files import sha256, whole, write_csv, write_json
from relamp.image_settings import IMAGE_METHODS, ImagePretraining
from relamp.loop import Resume
from relamp.progress import Progress
from relamp.steps.pretrain import choose_device
from relamp.train_images import TrainedImages, pretrain_images


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
        method: one of `relamp.image_settings.IMAGE_METHODS`.
        settings: see `relamp.image_settings.ImagePretraining`.
        code: the source files that the result depends on.
        threads: CPU threads.
    """
    device, row = choose_device(threads), IMAGE_METHODS[method]
    data = PackedImages.load(data_path)
    chosen = ImagePretraining.model_validate(settings)
    if not row.trains:
        chosen = chosen.model_copy(update={"epochs": 0, "checkpoints": (0,)})
    facts = {
        "data": sha256(data_path),
        "code": closure_sha256(code),
        "method": {"name": method, "mixer": row.mixer},
        "settings": chosen.model_dump(mode="json"),
        "torch": torch.__version__,
        "threads": threads,
    }
    for number, (seed, folder) in enumerate(folders.items()):
        resume = Resume(state_folder / f"seed~{seed}.pt", fingerprint({**facts, "seed": seed}))
        what = f"{data.name} {method} seed {seed} ({number + 1} of {len(folders)}), epochs"
        with Progress(what, chosen.epochs) as progress:
            trained = pretrain_images(data, row.mixer, chosen, seed, device=device, resume=resume, on_epoch=progress.to)
        _write(folder, trained, {**facts, "seed": seed, "dataset": data.name})


def _write(folder: Path, trained: TrainedImages, facts: Mapping[str, Any]) -> None:
    with whole(folder / "encoder.safetensors") as beside:
        save_file(trained.encoder, beside)
    with whole(folder / "embeddings.safetensors") as beside:
        save_file({f"epoch~{epoch}": value for epoch, value in trained.embeddings.items()}, beside)
    columns = ["epoch", "loss", "info_nce", "diversity"]
    write_csv(folder / "history.csv", pd.DataFrame(trained.history or None, columns=columns))
    write_csv(folder / "mixed.csv", trained.mixed)
    write_json(folder / "run.json", facts)
