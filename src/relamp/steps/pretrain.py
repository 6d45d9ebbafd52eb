"""Pre-train one method at one setting, seed after seed."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from safetensors.torch import save_file

from relamp.checkpoint import fingerprint
from relamp.closure import closure_sha256
from relamp.data.corpus import open_packed
from relamp.files import sha256, whole, write_csv, write_json
from relamp.loop import Resume
from relamp.method.build import build
from relamp.progress import Progress
from relamp.settings import Pretraining
from relamp.train import Trained, pretrain, settings_of

log = logging.getLogger(__name__)


def choose_device(threads: int) -> torch.device:
    """Return the GPU if there is one, unless RELAMP_DEVICE says otherwise, and set the number of threads."""
    torch.set_num_threads(threads)
    return torch.device(os.environ.get("RELAMP_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu"))


def pretrain_seeds(
    data_path: Path,
    folders: Mapping[int, Path],
    state_folder: Path,
    row: Mapping[str, Any],
    settings: Mapping[str, Any],
    code: Sequence[Path],
    threads: int = 1,
) -> None:
    """Pre-train an encoder for each seed and write its folder: encoder, embeddings, history and run.json.

    Seeds that an earlier, killed job has finished are not trained again, and the one it was at goes on.

    Args:
        data_path: packed graphs.
        folders: the output folder of each seed.
        state_folder: where training states are kept, one file a seed.
        row: the method: `name`, `maker`, `options`, `settings` and `trains`, see `relamp.method.table.MethodRow`.
        settings: see `relamp.settings.Pretraining`.
        code: the source files that the result depends on.
        threads: CPU threads.
    """
    device = choose_device(threads)
    data = open_packed(data_path)
    chosen = Pretraining.model_validate(settings)
    if not row["trains"]:
        chosen = chosen.model_copy(update={"epochs": 0, "checkpoints": (0,)})
    facts = {
        "data": sha256(data_path),
        "code": closure_sha256(code),
        "method": {key: row[key] for key in ("name", "maker", "options")},
        "settings": chosen.model_dump(mode="json"),
        "torch": torch.__version__,
        "threads": threads,
    }
    for number, (seed, folder) in enumerate(folders.items()):
        method = build(row["maker"], chosen if row["settings"] else None, row["options"])
        resume = Resume(state_folder / f"seed~{seed}.pt", fingerprint({**facts, "seed": seed}))
        what = f"{data.name} {row['name']} seed {seed} ({number + 1} of {len(folders)}), epochs"
        with Progress(what, settings_of(method, chosen).epochs) as progress:
            trained = pretrain(data, method, chosen, seed, device=device, resume=resume, on_epoch=progress.to)
        _write(folder, trained, {**facts, "seed": seed, "dataset": data.name})


def _write(folder: Path, trained: Trained, facts: Mapping[str, Any]) -> None:
    with whole(folder / "encoder.safetensors") as beside:
        save_file(trained.encoder, beside)
    with whole(folder / "embeddings.safetensors") as beside:
        save_file({f"epoch~{epoch}": value for epoch, value in trained.embeddings.items()}, beside)
    write_csv(folder / "history.csv", pd.DataFrame(trained.history or None, columns=_columns(trained)))
    write_json(folder / "run.json", facts)


def _columns(trained: Trained) -> list[str]:
    return list(trained.history[0]) if trained.history else ["epoch", "loss"]
