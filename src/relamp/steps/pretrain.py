"""Pre-train one method at one setting, seed after seed."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.data.corpus import open_packed
from relamp.data.local_copy import near
from relamp.method.build import build
from relamp.runtime.files import write_csv, write_json
from relamp.settings.graphs import Pretraining
from relamp.steps.training import choose_device, folders_of, train_seeds, training_facts, write_tensors
from relamp.train.graphs import Trained, pretrain, settings_of
from relamp.train.loop import Resume

log = logging.getLogger(__name__)


def untrained(settings: Pretraining) -> Pretraining:
    """Return the settings with no epochs, also for methods that train by their own."""
    still = {"epochs": 0, "checkpoints": (0,)}
    own = settings.mmix.training
    mmix = settings.mmix.model_copy(update={"training": own and own.model_copy(update=still)})
    return settings.model_copy(update={**still, "mmix": mmix})


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
        settings: see `relamp.settings.graphs.Pretraining`.
        code: the source files that the result depends on.
        threads: CPU threads.
    """
    device = choose_device(threads)
    data = open_packed(near(data_path))
    chosen = Pretraining.model_validate(settings)
    if not row["trains"]:
        chosen = untrained(chosen)
    method = build(row["maker"], chosen if row["settings"] else None, row["options"])
    named = {key: row[key] for key in ("name", "maker", "options")}
    facts = training_facts(data_path, code, chosen, threads, device, method=named)

    def train(seed: int, resume: Resume, on_epoch: Callable[[int], None]) -> Trained:
        return pretrain(data, method, chosen, seed, device=device, resume=resume, on_epoch=on_epoch)

    what, epochs = f"{data.name} {row['name']}", settings_of(method, chosen).epochs
    for seed, trained, own in train_seeds(folders, state_folder, facts, what, epochs, train):
        _write(folders[seed], trained, {**own, "dataset": data.name})


def pretrain_settings(
    data_path: Path,
    encoders: Sequence[Path],
    seeds: Sequence[int],
    states: Sequence[Path],
    rows: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
    code: Sequence[Path],
    threads: int,
) -> None:
    """Do this for one or several settings of a method, one after another.

    Args:
        data_path, settings, code, threads: as above.
        encoders: the encoder's file for each setting and seed, all seeds of a setting one after another; everything
            else is written beside it.
        seeds: which.
        states, rows: for each setting.
    """
    for folders, state, row in zip(folders_of(encoders, seeds), states, rows, strict=True):
        log.info("%s: %s", row["name"], row["options"])
        pretrain_seeds(data_path, folders, state, row, settings, code, threads)


def _write(folder: Path, trained: Trained, facts: Mapping[str, Any]) -> None:
    write_tensors(folder / "encoder.safetensors", trained.encoder)
    embeddings = {f"epoch~{epoch}": value for epoch, value in trained.embeddings.items()}
    write_tensors(folder / "embeddings.safetensors", embeddings)
    write_csv(folder / "history.csv", pd.DataFrame(trained.history or None, columns=_columns(trained)))
    write_json(folder / "run.json", facts)


def _columns(trained: Trained) -> list[str]:
    return list(trained.history[0]) if trained.history else ["epoch", "loss"]
