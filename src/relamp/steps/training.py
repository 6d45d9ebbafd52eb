"""What all training steps share: the device, the facts that a result depends on, and one resumable run a seed."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import save_file
from torch import Tensor

from relamp.runtime.code import closure_sha256
from relamp.runtime.files import sha256, whole
from relamp.runtime.kept import fingerprint
from relamp.runtime.progress import Progress
from relamp.settings.base import Settings
from relamp.train.loop import Resume

T = TypeVar("T")


def choose_device(threads: int) -> torch.device:
    """Return the GPU if there is one, unless RELAMP_DEVICE says otherwise, and set the number of threads."""
    torch.set_num_threads(threads)
    return torch.device(os.environ.get("RELAMP_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu"))


def training_facts(
    data: Path, code: Sequence[Path], settings: Settings, threads: int, device: torch.device, **others: Any
) -> dict[str, Any]:
    """Return all that a training depends on but its seed: a state of other facts is not resumed.

    A GPU adds up in another order than a CPU, and its random streams cannot go on there.
    """
    return {
        "data": sha256(data),
        "code": closure_sha256(code),
        "settings": settings.model_dump(mode="json"),
        "torch": torch.__version__,
        "threads": threads,
        "device": device.type,
        **others,
    }


def train_seeds(
    seeds: Collection[int],
    states: Path,
    facts: Mapping[str, Any],
    what: str,
    epochs: int,
    train: Callable[[int, Resume, Callable[[int], None]], T],
) -> Iterator[tuple[int, T, dict[str, Any]]]:
    """Yield the seed, what was trained and its facts, seed after seed.

    Seeds that an earlier, killed job has finished are not trained again, and the one it was at goes on.

    Args:
        seeds: of the runs.
        states: the folder of training states, one file a seed.
        facts: see `training_facts`.
        what: is trained, for the progress bar.
        epochs: of each run.
        train: takes the seed, where to save and resume, and what to call after each epoch.
    """
    for number, seed in enumerate(seeds, start=1):
        own = {**facts, "seed": seed}
        resume = Resume(states / f"seed~{seed}.pt", fingerprint(own))
        with Progress(f"{what} seed {seed} ({number} of {len(seeds)}), epochs", epochs) as progress:
            trained = train(seed, resume, progress.to)
        yield seed, trained, own


def folders_of(encoders: Sequence[Path], seeds: Sequence[int]) -> Iterator[dict[int, Path]]:
    """Yield the folder of each seed, setting after setting, from the encoders' files in this order."""
    for start in range(0, len(encoders), len(seeds)):
        own = encoders[start : start + len(seeds)]
        yield {seed: path.parent for seed, path in zip(seeds, own, strict=True)}


def write_tensors(path: Path, tensors: Mapping[str, Tensor], words: Mapping[str, str] | None = None) -> None:
    """Write tensors, with words in the file's header, as a whole or not at all."""
    with whole(path) as beside:
        save_file(
            {name: value.contiguous() for name, value in tensors.items()}, beside, metadata=dict(words or {}) or None
        )
