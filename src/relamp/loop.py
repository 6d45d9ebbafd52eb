"""The loop that every training shares: epochs, saved states, and going on where a killed job was."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from relamp.checkpoint import load_state, save_state


class Run(Protocol):
    """A training under way."""

    epoch: int

    def run_epoch(self) -> None:
        """Take one pass over the data and count it in `epoch`."""

    def state(self) -> dict[str, Any]:
        """Return all that is needed to go on to the same final bits."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a saved state."""


@dataclass(frozen=True)
class Resume:
    """Where a training keeps its state, and the fingerprint of everything that it depends on.

    Attributes:
        path: the state's file.
        key: see `relamp.checkpoint.fingerprint`.
        every: seconds between two savings; 0 saves after each epoch.
    """

    path: Path
    key: str
    every: float = 60.0


def run_epochs(run: Run, epochs: int, resume: Resume | None, on_epoch: Callable[[int], None]) -> None:
    """Train until `epochs` are done, from the saved state if there is one.

    `on_epoch` is called with the number of epochs done, first with the number that a saved state brings.
    """
    if resume and (state := load_state(resume.path, resume.key)):
        run.restore(state)
    saved = time.monotonic()
    on_epoch(run.epoch)
    while run.epoch < epochs:
        run.run_epoch()
        if resume and (run.epoch == epochs or time.monotonic() - saved >= resume.every):
            save_state(resume.path, resume.key, run.state())
            saved = time.monotonic()
        on_epoch(run.epoch)
