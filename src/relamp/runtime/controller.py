"""A job ends with its controller: the Snakemake that started it, by itself or through shells.

A controller that is killed outright leaves its jobs behind. They must not write over what the next run has made.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from relamp.errors import RelampError

VARIABLE = "RELAMP_CONTROLLER"  # a controller's number and the space that it is valid in
_LOOKS_EVERY_S = 0.5
# The processes that this one depends on: number and time of start, since numbers are given anew.
_followed: dict[int, str] = {}


def announce() -> None:
    """Make this process the controller of all jobs that it starts from now on."""
    os.environ[VARIABLE] = f"{os.getpid()} {_space()}"


def follow(end: Callable[[], object]) -> None:
    """Call `end`, in a thread, once a process between this one and its controller, or the controller, has ended.

    Without a controller, and by it itself, nothing is followed.

    Raises:
        RelampError: it has ended already.
    """
    number, _, space = os.environ.get(VARIABLE, "").partition(" ")
    if not number or int(number) == os.getpid() or _started(os.getpid()) is None:
        return
    above = dict(_ancestors(int(number)))
    if space == _space() and int(number) not in above:
        raise RelampError(_GONE)
    _followed.update(above)  # within a container the controller is not seen, but what stands for it is

    def watch() -> None:
        while not gone():
            time.sleep(_LOOKS_EVERY_S)
        end()

    threading.Thread(target=watch, daemon=True).start()


def gone() -> bool:
    """Return whether a process that this one follows has ended."""
    return any(_started(number) != since for number, since in _followed.items())


def refuse_orphan(path: Path) -> None:
    """Raise RelampError if the controller is gone: what lies at a path may by now be the next run's."""
    if gone():
        raise RelampError(f"{path}: not written: {_GONE}")


_GONE = "the Snakemake that started this job has ended; run the same command again"


def _ancestors(controller: int) -> Iterator[tuple[int, str]]:
    """Yield the processes above this one, up to the controller, or all if it is not among them."""
    number = os.getppid()
    while number > 1 and (since := _started(number)):
        yield number, since
        if number == controller:
            return
        number = int(_status(number)[1])


def _started(number: int) -> str | None:
    """Return when a process has started; None if it has ended, or the system does not say."""
    fields = _status(number)
    return fields[19] if fields and fields[0] not in "ZX" else None


def _status(number: int) -> list[str]:
    """Return the fields of Linux's /proc/<number>/stat from the state on; none if there is no such process."""
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()  # a program's name may hold spaces and brackets


def _space() -> str:
    """Return the space that process numbers are valid in; a container may have its own."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
