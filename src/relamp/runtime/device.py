"""What trains: the device that a job takes, and what its log says of it. Nothing here loads torch."""

import os
import sys
from pathlib import Path
from typing import Any

from relamp.errors import RelampError
from relamp.runtime.environment import DEVICE, device_name
from relamp.runtime.provenance import cpu_model

# What a scheduler says to a job that holds GPUs, and where drivers show them.
_HELD = ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "SLURM_GPUS_ON_NODE")
_IDLE = (
    "{build} cannot use this machine's GPU, so the CPU trains and the GPU is idle; install torch's CUDA build or set "
    f"{DEVICE}=cpu"
)
_FILES = ("nvidia[0-9]*", "kfd", "dxg")


def device(torch: Any) -> str:
    """Return the device that RELAMP_DEVICE names, or else a GPU if torch sees one, or the CPU.

    Raises RelampError if the device is not there, or the CPU would train while this job of a cluster holds a GPU.
    """
    asked, build = device_name(), f"torch {torch.__version__}"
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked.startswith("cuda") and int(asked.partition(":")[2] or 0) >= found:
        there = f"{build} finds {found or 'no'} GPU{'s' * (found > 1)} here"
        raise RelampError(f"{DEVICE}: {asked} is asked for, but {there}; set it to cpu, or unset it")
    if asked:
        return asked
    if found:
        return "cuda"
    if gpu_there() and gpu_held():
        raise RelampError(_IDLE.format(build=build))
    return "cpu"


def machine() -> str:
    """Return the name of the GPU that a job with torch takes, or else the model of the CPU; raises as `device` does."""
    torch = sys.modules.get("torch")
    named = device(torch) if torch else "cpu"
    return str(torch.cuda.get_device_name(named)) if torch and named.startswith("cuda") else cpu_model()


def gpu_there(folder: Path = Path("/dev")) -> bool:
    """Return whether a driver shows a GPU."""
    return any(True for pattern in _FILES for _ in folder.glob(pattern))


def gpu_held() -> bool:
    """Return whether a scheduler has given this job a GPU."""
    return any(os.environ.get(name) for name in _HELD)


def device_words() -> str:
    """Return device and build of torch for a log's first line; nothing in a job that has not loaded torch.

    On the terminal it says if the CPU trains beside an idle GPU. Raises RelampError as `device` does.
    """
    torch = sys.modules.get("torch")
    if not torch:
        return ""
    named, build = device(torch), f"torch {torch.__version__}"
    if named == "cpu" and not device_name() and (gpu_there() or gpu_held()):
        print(f"relamp: {_IDLE.format(build=build)}", file=sys.stderr)
    return f", {named} with {build}"
