"""What processes of a pool do in tests: in a module of its own, since they must find it by its name."""

import os
import signal

from relamp.errors import RelampError


def die(number: int) -> int:
    """End the process as the kernel does when memory runs out, the third time."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def double(number: int) -> int:
    return 2 * number


def refuse(number: int) -> int:
    raise RelampError(f"{number}: no")


def exhaust(number: int) -> int:
    raise MemoryError
