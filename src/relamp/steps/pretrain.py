"""Pre-train one method at one setting, seed after seed."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.data.corpus import open_packed
from relamp.files import write_csv, write_json
from relamp.loop import Resume
from relamp.method.build import build
from relamp.settings import Pretraining
from relamp.steps.training import choose_device, train_seeds, training_facts, write_tensors
from relamp.train import Trained, pretrain, settings_of

log = logging.getLogger(__name__)


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
    method = build(row["maker"], chosen if row["settings"] else None, row["options"])
    named = {key: row[key] for key in ("name", "maker", "options")}
    facts = training_facts(data_path, code, chosen, threads, method=named)

    def train(seed: int, resume: Resume, on_epoch: Callable[[int], None]) -> Trained:
        return pretrain(data, method, chosen, seed, device=device, resume=resume, on_epoch=on_epoch)

    what, epochs = f"{data.name} {row['name']}", settings_of(method, chosen).epochs
    for seed, trained, own in train_seeds(folders, state_folder, facts, what, epochs, train):
        _write(folders[seed], trained, {**own, "dataset": data.name})


def _write(folder: Path, trained: Trained, facts: Mapping[str, Any]) -> None:
    write_tensors(folder / "encoder.safetensors", trained.encoder)
    embeddings = {f"epoch~{epoch}": value for epoch, value in trained.embeddings.items()}
    write_tensors(folder / "embeddings.safetensors", embeddings)
    write_csv(folder / "history.csv", pd.DataFrame(trained.history or None, columns=_columns(trained)))
    write_json(folder / "run.json", facts)


def _columns(trained: Trained) -> list[str]:
    return list(trained.history[0]) if trained.history else ["epoch", "loss"]
