"""Small trainings of any method of the table, for tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from relamp.method.base import Method, build
from relamp.method.table import METHODS
from relamp.runtime.job import named
from relamp.settings.graphs import Pretraining
from relamp.settings.images import ImagePretraining
from relamp.settings.molecules import MolecularPretraining
from relamp.settings.nodes import NodePretraining
from relamp.study import studies
from relamp.train.jobs import pretrain
from relamp.train.loop import save_state
from relamp.train.trainer import Trained

CLASSES = {
    "graphs": Pretraining,
    "molecules": MolecularPretraining,
    "nodes": NodePretraining,
    "images": ImagePretraining,
}
# What public codes set, and tests leave to the settings.
SIZES = ("epochs", "checkpoints", "batch_size", "hidden", "layers")
TRAINERS = {domain: named(studies.TRAINERS[domain]) for domain in CLASSES}


def params(domain: str, name: str, **options: Any) -> dict[str, Any]:
    """A method as a job knows it."""
    row = METHODS[domain][name]
    fixed = dict(row.fixed)
    if "epochs" in fixed.get("options", {}):
        fixed["options"] = {key: value for key, value in fixed["options"].items() if key not in SIZES}
    return {"name": name, "maker": row.maker, "options": {**fixed, **options}, "trains": row.trains}


def make(domain: str, name: str, settings: Any, **options: Any) -> Method:
    return build(params(domain, name, **options), settings)


def train(domain: str, name: str, data: Any, settings: Any, seed: int = 0, **options: Any) -> Trained:
    return TRAINERS[domain](data, make(domain, name, settings), seed).run(**options)


def same(one: Trained, two: Trained) -> bool:
    """Whether two trainings came to the same bits."""
    return (
        (one.history, one.final) == (two.history, two.final)
        and all(equal(*pair) for pair in ((one.encoder, two.encoder), (one.embeddings, two.embeddings)))
        and one.tables.keys() == two.tables.keys()
        and all(one.tables[name].equals(two.tables[name]) for name in one.tables)
    )


def equal(one: Mapping[str, torch.Tensor], two: Mapping[str, torch.Tensor]) -> bool:
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


class Killed(Exception):  # noqa: N818 - stands for a signal
    pass


def kill_at(epoch: int):
    def on_epoch(done: int) -> None:
        if done == epoch:
            raise Killed

    return on_epoch


def kill_at_saving(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill a training as soon as it has saved so many states."""
    count = iter(range(number - 1, -1, -1))

    def save(*state: Any) -> None:
        save_state(*state)
        if not next(count):
            raise Killed

    monkeypatch.setattr("relamp.train.loop.save_state", save)


def run_job(
    data: Path, folders: Mapping[int, Path], state: Path, domain: str, method: Mapping[str, Any], settings: Any
) -> dict[int, Path]:
    """Pre-train at one setting; return the embeddings' files."""
    state.mkdir(parents=True, exist_ok=True)
    (code := state / "code.txt").write_text("code")
    encoders = [folder / "encoder.safetensors" for folder in folders.values()]
    pretrain(data, code, encoders, list(folders), [state], [method], [settings], studies.TRAINERS[domain])
    return {seed: folder / "embeddings.safetensors" for seed, folder in folders.items()}
