"""The loop that every training shares: epochs, saved states, and going on where a killed job was."""

import logging
import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from relamp.errors import RelampError
from relamp.runtime.log import GOES_ON
from relamp.runtime.signals import deferred
from relamp.train.checkpoint import load_state, save_state

log = logging.getLogger(__name__)


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
        key: see `relamp.runtime.kept.fingerprint`.
        every: seconds between two savings; 0 saves after each epoch. Where nothing is given, RELAMP_SAVE_SECONDS of the
            environment says, or else it is a minute.
    """

    path: Path
    key: str
    every: float = field(default_factory=lambda: float(os.environ.get("RELAMP_SAVE_SECONDS") or 60))


def run_epochs(run: Run, epochs: int, resume: Resume | None, on_epoch: Callable[[int], None]) -> None:
    """Train until `epochs` are done, from the saved state if there is one.

    `on_epoch` is called with the number of epochs done, first with the number that a saved state brings.

    Raises:
        RelampError: after a signal that asks the job to end (see `relamp.runtime.signals`), once the state is saved.
    """
    if resume and (state := load_state(resume.path, resume.key)):
        run.restore(state)
        log.info("%s after epoch %d of %d, from %s", GOES_ON, run.epoch, epochs, resume.path)
    saved = time.monotonic()
    on_epoch(run.epoch)
    # Without a place to save to there is nothing to wait for: a signal then ends the run where it is.
    with deferred() if resume else nullcontext(lambda: None) as asked:
        while run.epoch < epochs:
            run.run_epoch()
            asked_by = asked()
            if resume and (run.epoch == epochs or asked_by or time.monotonic() - saved >= resume.every):
                save_state(resume.path, resume.key, run.state())
                saved = time.monotonic()
            on_epoch(run.epoch)
            if asked_by:
                raise RelampError(
                    f"{asked_by}: ended after epoch {run.epoch} of {epochs}, whose state is saved; the same command "
                    "goes on from there"
                )
