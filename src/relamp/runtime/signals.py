"""Signals that end a job early: they end it at once, or once it has saved its work.

A cluster sends SIGTERM or SIGUSR1 before it takes a node away: at the time limit, at a preemption, after `scancel`.
Ctrl-C sends SIGINT, and a terminal that is closed SIGHUP.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT, signal.SIGHUP)


class Ended(SystemExit):
    """The job ends because a signal asked for it; `str()` of it is the signal's name."""

    def __init__(self, name: str) -> None:
        """End with an exit status of 1: what the job was to make is not there."""
        super().__init__(1)
        self.name = name

    def __str__(self) -> str:
        """Return the signal's name."""
        return self.name


class _Heard:
    """The signal that came, how many callers of `deferred` will look, and whether what it ends is ending.

    Then later ones change nothing: Ctrl-C reaches a job twice, from the terminal and from what dispatched it, and the
    second must not cut off what the job says of its end.
    """

    name: str | None = None
    listeners = 0
    ending = False


@contextmanager
def heeded() -> Iterator[None]:
    """Within this block a signal raises `Ended`, or is held for whoever has called `deferred`.

    It must be entered in the main thread; the signals' former handlers come back at its end. What is ignored before,
    as by `nohup`, stays ignored, and so are further signals once one has raised `Ended` or an error in `deferred`.
    """
    heard = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, _hear) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _Heard.name, _Heard.ending = None, False


@contextmanager
def deferred() -> Iterator[Callable[[], str | None]]:
    """Within this block a signal raises nothing; the yielded function returns the name of one that came, else None."""
    _Heard.listeners += 1
    try:
        yield lambda: _Heard.name
    except BaseException:
        _Heard.ending = _Heard.name is not None
        raise
    finally:
        _Heard.listeners -= 1


def _hear(number: int, _frame: FrameType | None) -> None:
    if _Heard.ending:
        return
    again, _Heard.name = _Heard.name is not None, signal.Signals(number).name
    if not _Heard.listeners:
        _Heard.ending = True
        raise Ended(_Heard.name)
    if not again:
        # Straight to the file: the signal may have come while something else was being printed, from a terminal that
        # may be gone.
        with suppress(OSError):
            os.write(2, f"relamp: {_Heard.name}: the job ends soon, once its state is saved\n".encode())
