"""Progress of long work: a bar on a terminal, and in a log now and then a line with what is left."""

import logging
import multiprocessing
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
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
        """Start the clock of the log; nothing is shown before the first call of `to`."""
        self.what, self.total, self.every = what, total, every
        self.last = time.monotonic()
        self.bar: tqdm[Any] | None = None

    def to(self, done: int) -> None:
        """Say that `done` units are done in all; the first call may start above 0, where a job resumes."""
        now = time.monotonic()
        if self.bar is None:
            # The estimate's clock starts here: what was done before this call says nothing of the speed.
            self.first, self.start, self.done = done, now, done
            # Where rows are rendered alone there is none.
            from tqdm import tqdm

            # Bars of several processes would write over one another.
            hidden = not sys.stderr.isatty() or multiprocessing.parent_process() is not None
            self.bar = tqdm(desc=self.what, total=self.total, initial=done, disable=hidden, leave=False)
        self.bar.update(done - self.done)
        self.done = done
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
        if self.bar is not None:
            self.bar.close()
