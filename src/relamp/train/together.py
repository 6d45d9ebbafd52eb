"""Several processes that train together on one machine, one for each GPU: a job starts the others beside itself."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import distributed as dist

from relamp.errors import RelampError
from relamp.runtime.device import device
from relamp.runtime.environment import PROCESSES, process_count
from relamp.runtime.job import named
from relamp.runtime.signals import SIGNALS

_SERVE = "from relamp.train.together import serve; serve()"


@contextmanager
def together(function: str, arguments: Mapping[str, Any]) -> Iterator[None]:
    """Within this block the other processes of RELAMP_PROCESSES run a function ("module:function") with arguments.

    They run the same as this one, which alone writes files and heeds signals. Raises RelampError if one of them dies.
    """
    count = process_count()
    if count == 1 or dist.is_initialized():
        yield
        return
    with TemporaryDirectory() as folder:
        # Not by multiprocessing, which would run a script of Snakemake once more. Their words go to a file: the first
        # process has the terminal.
        words, told = [sys.executable, "-c", _SERVE], Path(folder) / "told"
        with told.open("wb") as stderr:
            others = [subprocess.Popen(words, stdin=subprocess.PIPE, stderr=stderr) for _ in range(count - 1)]
        try:
            for rank, other in enumerate(others, start=1):
                assert other.stdin
                with other.stdin as pipe:
                    pickle.dump((function, dict(arguments), rank, count, f"{folder}/store"), pipe)
            _join(0, count, f"{folder}/store")
            yield
            for other in others:
                other.wait()
        except RuntimeError as error:
            # What is told of a connection that breaks is not why it does.
            time.sleep(1)
            if any(other.poll() for other in others):
                last = [*told.read_text(errors="replace").splitlines(), "it was killed"][-2:][0]
                fault = f"a process that trained beside this one has ended ({last})"
                raise RelampError(f"{PROCESSES}: {fault}; the same command resumes, or use fewer") from error
            raise
        finally:
            for other in others:
                other.kill()
                other.wait()
            if dist.is_initialized():
                dist.destroy_process_group()


def serve() -> None:
    """Run what the process that has started this one says, and end when it does."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    parent = os.getppid()
    function, arguments, rank, count, store = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    _join(rank, count, store)
    try:
        named(function)(**arguments)
    except RelampError as error:
        # Heard where the first process has no error of its own.
        sys.exit(str(error))
    dist.destroy_process_group()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _join(rank: int, count: int, store: str) -> None:
    on_gpus = device(torch).startswith("cuda")
    if on_gpus:
        found = torch.cuda.device_count()
        if found < count:
            raise RelampError(f"{PROCESSES}: {count} processes need as many GPUs, and there are {found}; use {found}")
        torch.cuda.set_device(rank)
    # All are on this machine, whatever its name resolves to.
    if Path("/sys/class/net/lo").exists():
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    dist.init_process_group("nccl" if on_gpus else "gloo", f"file://{store}", rank=rank, world_size=count)
