"""A terminal, or a pipe's reader, that goes away ends no run: what is said from then on goes nowhere."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO


class Patient:
    """A stream to a terminal or pipe; once that is gone, its file descriptor leads to the null device."""

    def __init__(self, stream: TextIO) -> None:
        """Wrap a stream."""
        self.stream = stream

    def write(self, text: str) -> int:
        """Write a text, or nothing where nobody reads; return its length."""
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            self._forget()
        return len(text)

    def flush(self) -> None:
        """Do nothing: each writing flushes."""

    def __getattr__(self, name: str) -> Any:
        """Return what the stream itself has."""
        return getattr(self.stream, name)

    def _forget(self) -> None:
        """Lead the descriptor to the null device, for whoever else writes to it, and empty the stream's buffer."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)
            self.stream.flush()


@contextmanager
def patient() -> Iterator[None]:
    """Within this block nobody needs to read what is printed."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Patient(before[0]), Patient(before[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
