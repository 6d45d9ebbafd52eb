"""What processes of a pool do in tests: in a module of its own, since they must find it by its name."""

import os
import signal
import time
from pathlib import Path

from relamp.errors import RelampError
from relamp.runtime.sealed import write_sealed


def die(number: int) -> int:
    """End the process as the kernel does when memory runs out, the third time."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def double(number: int) -> int:
    return 2 * number


def last(folder: Path, number: int) -> int:
    """Write that a call has begun, and a while later that it has ended."""
    (folder / f"{number}.begun").touch()
    time.sleep(5)
    (folder / f"{number}.ended").touch()
    return number


def refuse(number: int) -> int:
    raise RelampError(f"{number}: no")


def exhaust(number: int) -> int:
    raise MemoryError


def write_sum(source: Path, plus: int, output: Path) -> None:
    """Write a file's number plus another, and leave a trace of the call."""
    write_sealed(output, str(int(source.read_text()) + plus), {"plus": plus})
    with (source.parent / "calls").open("a") as calls:
        calls.write(f"{output.stem}\n")
