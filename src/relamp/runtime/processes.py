"""Work in several processes that end with their parent; a killed process is an error."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from relamp.errors import RelampError
from relamp.runtime.controller import follow


def run_all(work: Callable[..., int], jobs: Iterable[tuple[Any, ...]], processes: int) -> Iterator[int]:
    """Call `work` with each job's arguments in some processes, or in this one for one; yield what the calls return.

    Jobs are drawn only as processes come free, so that few are in memory. Where a signal ends it, or nobody draws
    further results, calls at work are cut off; where `work` raises an error, the others at work finish.

    Raises RelampError if a process is killed or memory runs out, and whatever `work` raises.
    """
    if processes < 1:
        raise RelampError(f"{processes} processes cannot work; give 1 or more")
    try:
        if processes == 1:
            yield from (work(*job) for job in jobs)
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, context, initializer=_end_with_parent) as pool:
            try:
                pending: set[Future[int]] = set()
                for job in jobs:
                    pending.add(pool.submit(work, *job))
                    if len(pending) > processes:  # one job waits, so that no process does
                        finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                        yield from (future.result() for future in finished)
                yield from (future.result() for future in pending)
            except (KeyboardInterrupt, SystemExit, GeneratorExit):
                # Nobody waits for what the processes are at, which may take minutes.
                for process in multiprocessing.active_children():
                    process.terminate()
                raise
            finally:
                pool.shutdown(cancel_futures=True)
    except (BrokenProcessPool, MemoryError) as error:
        raise RelampError(
            "a process was killed, most likely because memory ran out; give more memory or fewer processes and run "
            "again, which takes over what is done"
        ) from error


def _end_with_parent() -> None:
    """Make this process end when its parent is killed: the pool's processes would wait for work forever."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides when to stop
    follow(lambda: os._exit(1))
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
