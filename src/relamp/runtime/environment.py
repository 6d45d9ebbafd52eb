"""The variables of the environment that say how a job runs, checked where they are read and before a run starts."""

import math
import os
import re

from relamp.errors import RelampError, shortened

DEVICE, SAVE_SECONDS, PROCESSES = "RELAMP_DEVICE", "RELAMP_SAVE_SECONDS", "RELAMP_PROCESSES"
PRECISION = "RELAMP_PRECISION"


def device_name() -> str:
    """Return the device that RELAMP_DEVICE names (cpu, cuda, cuda:1), or ""; raises RelampError for another."""
    given = os.environ.get(DEVICE, "")
    name = given.strip().lower()
    if not re.fullmatch(r"(cpu|cuda(:\d{1,3})?)?", name):
        raise RelampError(f"{DEVICE}: {shortened(repr(given))} is no device; use cpu, cuda or cuda:<number>")
    return name


def save_seconds() -> float:
    """Return RELAMP_SAVE_SECONDS, the seconds between two savings, or 60; raises RelampError if it is no number."""
    given = os.environ.get(SAVE_SECONDS) or "60"
    try:
        seconds = float(given)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        fault = f"{shortened(repr(given))} is no number of seconds"
        raise RelampError(f"{SAVE_SECONDS}: {fault}; use 60, or 0 to save after each batch")
    return seconds


def process_count() -> int:
    """Return RELAMP_PROCESSES, how many processes train together, or 1; raises RelampError if it is no such number."""
    given = os.environ.get(PROCESSES) or "1"
    if not re.fullmatch(r"[1-9]\d{0,2}", given.strip()):
        raise RelampError(
            f"{PROCESSES}: {shortened(repr(given))} is no number of processes; use 1, or one for each GPU"
        )
    return int(given)


def precision() -> str:
    """Return RELAMP_PRECISION, in which trainings multiply (single, bfloat16), or "single"; else raises RelampError."""
    given = os.environ.get(PRECISION) or "single"
    if given not in ("single", "bfloat16"):
        raise RelampError(f"{PRECISION}: {shortened(repr(given))} is no precision; use single or bfloat16")
    return given


def check_variables() -> None:
    """Raise RelampError if a variable holds what no job can use."""
    device_name()
    save_seconds()
    process_count()
    precision()
