"""The loop that every training shares: epochs, saved states, and resuming where a killed job was."""

import io
import json
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from zipfile import BadZipFile, ZipFile

import torch

from relamp.errors import RelampError
from relamp.kernels.shares import agreed, alike, rank
from relamp.runtime.environment import PROCESSES, save_seconds
from relamp.runtime.files import whole
from relamp.runtime.log import RESUMES
from relamp.runtime.made import Made, joined, since
from relamp.runtime.signals import deferred

log = logging.getLogger(__name__)


class Resumable(Protocol):
    """A training under way."""

    # Epochs that are done, and samples of the next one.
    epoch: int
    done: int

    def run_epoch(self, between: Callable[[], None]) -> None:
        """Take one pass over the data, or what is left of one, and count it in `epoch`.

        `between` is called between two batches, where `state` may be taken; what it raises ends the pass.
        """

    def state(self) -> dict[str, Any]:
        """Return all that is needed to come to the same final bits."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a saved state."""


@dataclass(frozen=True)
class Resume:
    """Where a training saves its state, and the fingerprint of everything that it depends on.

    Attributes:
        path: the file.
        key: the fingerprint.
        every: seconds between two savings; 0 saves after each batch. The default is RELAMP_SAVE_SECONDS, or else a
            minute.
        facts: what the key is made of, for whoever finds the file.
    """

    path: Path
    key: str
    every: float = field(default_factory=save_seconds)
    facts: Mapping[str, Any] = field(default_factory=dict)


def run_epochs(run: Resumable, epochs: int, resume: Resume | None, on_epoch: Callable[[int], None]) -> Made:
    """Train until `epochs` are done, from the saved state if there is one; return what has worked on it.

    `on_epoch` is called with the number of epochs done, first with the number that a saved state brings. States are
    saved between two batches, or after an epoch. After a signal that asks the job to end it raises RelampError, once
    the state is saved; and at once where several processes would not go on from the same place with the same code.
    """
    made: Made = []
    if resume and (found := load_state(resume.path, resume.key)):
        run.restore(found["state"])
        made = found["made"]
        log.info("%s after %s, from %s", RESUMES, _place(run, epochs), resume.path)
    # Of other code they would wait for each other for ever: the fingerprint has it.
    if not alike((resume.key if resume else None, run.epoch, run.done)):
        raise RelampError(
            f"{PROCESSES}: the processes do not go on from the same place with the same code; give the command again, "
            "and change no file of relamp while it starts"
        )
    before, began = made, time.monotonic()
    saved = began
    on_epoch(run.epoch)
    # Without a place to save to there is nothing to wait for: a signal then ends the run where it is.
    with deferred() if resume else nullcontext(lambda: None) as asked:

        def save() -> str | None:
            """Save the state if it is time, or a signal has come, whose name is returned."""
            nonlocal saved, made
            # Of several processes the first one decides, and saves.
            asked_by = agreed(asked())
            due = run.epoch == epochs or asked_by or (resume and time.monotonic() - saved >= resume.every)
            if due and rank() == 0:
                made = joined(before, since(began))
                if resume:
                    about = {"facts": resume.facts, "epochs": [run.epoch, run.done, epochs], "made": made}
                    save_state(resume.path, resume.key, run.state(), about)
                    saved = time.monotonic()
            return asked_by

        def stop(asked_by: str | None) -> None:
            if asked_by:
                raise RelampError(
                    f"{asked_by}: ended after {_place(run, epochs)}, whose state is saved; the same command resumes "
                    "from there"
                )

        while run.epoch < epochs:
            run.run_epoch(lambda: stop(save()))
            asked_by = save()
            on_epoch(run.epoch)
            stop(asked_by)
    return made


def _place(run: Resumable, epochs: int) -> str:
    return f"epoch {run.epoch} of {epochs}" + (f" and {run.done} samples" if run.done else "")


def save_state(path: Path, key: str, state: dict[str, Any], about: Mapping[str, Any] | None = None) -> None:
    """Write a state (tensors, numbers, strings, nested) whole, marked with the fingerprint it belongs to.

    `about` is said of it besides, as JSON-able facts: `facts`, `made`, and `epochs` (done, samples of the next, all).
    """
    # Through memory: torch's own writer turns a full disk into a RuntimeError that says nothing of the disk.
    buffer = io.BytesIO()
    # As JSON has them, since only plain types can be read again.
    torch.save({"key": key, "state": state, **json.loads(json.dumps(dict(about or {})))}, buffer)
    # A state belongs to whoever has the same key, so that an orphan may leave one too.
    with whole(path, orphan=True) as beside:
        beside.write_bytes(buffer.getbuffer())


def load_state(path: Path, key: str) -> dict[str, Any] | None:
    """Return what `save_state` wrote, or None if there is nothing or it belongs to other settings, data or code.

    Raises RelampError if the file cannot be read.
    """
    if not path.exists():
        return None
    saved = read_state(path, path, {"cuda:0": f"cuda:{rank()}"} if rank() else None)
    return saved if saved["key"] == key else None


def read_state(path: Path, file: Path | BinaryIO, device: str | dict[str, str] | None = None) -> dict[str, Any]:
    """Return what `save_state` wrote: the `key`, the `state`, and what is said of it.

    `path` is what messages call the file; tensors go where they were, or to the `device`. Raises RelampError if it
    cannot be read, or is not as it was written.
    """
    try:
        _check_sums(file)
        # weights_only: a state holds no objects, so a tampered file cannot run code.
        saved = torch.load(file, weights_only=True, map_location=device)
        return {"made": [], **saved, "key": saved["key"], "state": saved["state"]}
    except Exception as error:
        # A damaged file can raise almost anything, and torch's message advises to load it without the safety above.
        kind = type(error).__name__
        raise RelampError(f"{path}: saved training state cannot be read ({kind}); delete it to start over") from error


def _check_sums(file: Path | BinaryIO) -> None:
    # torch compares none: it would load a tensor of which a bit was changed.
    with ZipFile(file) as members:
        if changed := members.testzip():
            raise BadZipFile(changed)
    if not isinstance(file, Path):
        file.seek(0)
