"""Memory that this process has freed, and the system does not have back."""

import ctypes


def give_back() -> None:
    """Return freed memory to the system, where the C library can: among arrays of varying sizes it keeps much."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
