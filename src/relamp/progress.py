"""Progress of long work: a bar on a terminal, and in a log now and then a line with what is left."""

import logging
import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

log = logging.getLogger(__name__)


class Progress:
    """Counts work of known size; use as a context and call `to` with the number of units done.

    Args:
        what: what is worked on.
        total: number of units.
        every: seconds between two lines in the log.
    """

    def __init__(self, what: str, total: int, every: float = 15.0) -> None:
        """Start the clock; nothing is shown before the first unit is done."""
        self.what, self.total, self.every = what, total, every
        self.start = self.last = time.monotonic()
        self.first: int | None = None
        self.done = 0
        self.bar = tqdm(total=total, desc=what, disable=not sys.stderr.isatty(), leave=False)

    def to(self, done: int) -> None:
        """Say that `done` units are done in all; the first call may start above 0, where a job goes on."""
        if self.first is None:
            self.first = done
        self.bar.update(done - self.done)
        self.done = done
        now = time.monotonic()
        if done == self.total or now - self.last >= self.every:
            self.last = now
            fresh = done - self.first
            left = f", about {(now - self.start) / fresh * (self.total - done):.0f} s left" if fresh else ""
            log.info("%s: %d of %d%s", self.what, done, self.total, left if done < self.total else "")

    def __enter__(self) -> Self:
        """Return the progress itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self.bar.close()
