"""How a run ends before its time: its jobs are told, save their states and end with it, and none is left behind."""

import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import psutil

from relamp.errors import RelampError

SIGNALS = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
_TELLS_EVERY_S = 0.5


def end_before_start() -> None:
    """Have a signal end this process with one line, as long as no job has been started."""

    def end(number: int, _frame: FrameType | None) -> None:
        print(f"relamp: {signal.Signals(number).name}: ended before any job was started", file=sys.stderr)
        sys.exit(128 + number)

    _listen(end)


def end_with_jobs(begin: Callable[[], None], finish: Callable[[], None]) -> None:
    """Have a signal tell all jobs of this process to end, those too that are just being started; a second kills them.

    Args:
        begin: called first; the run is ending from then on.
        finish: called in a thread; it must have no further job started, and the process end after the last.
    """
    heard: list[int] = []

    def tell() -> None:
        told: set[int] = set()
        while True:
            for job in jobs_of(psutil.Process()):
                if len(heard) > 1:
                    _send(job, signal.SIGKILL)
                elif job.pid not in told:
                    _send(job, signal.SIGTERM)
                    told.add(job.pid)
            time.sleep(_TELLS_EVERY_S)

    def end(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) > 1:
            return
        begin()
        print(
            f"relamp: {signal.Signals(number).name}: jobs at work save what they can and end (once more: at once); "
            "the same command goes on from there",
            file=sys.stderr,
        )
        for action in (tell, finish):
            threading.Thread(target=action, daemon=True).start()

    _listen(end)


def _listen(handler: Callable[[int, FrameType | None], None]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # within another program, whose signals are its own
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` leaves it
            signal.signal(number, handler)


def _send(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return  # it has ended meanwhile, which was wanted


def jobs_of(controller: psutil.Process) -> list[psutil.Process]:
    """Return the jobs that a process has started, by itself or through shells."""
    return [process for process in controller.children(recursive=True) if _is_job(_words(process))]


def refuse_beside_others(folder: Path) -> None:
    """Raise RelampError, with their numbers, if Snakemakes or jobs of this machine are at work in a folder."""
    own = {process.pid for process in (psutil.Process(), *psutil.Process().parents())}
    others = []
    for process in psutil.process_iter():
        words = _words(process)
        kind = "job" if _is_job(words) else "Snakemake" if _is_snakemake(words) else ""
        if kind and process.pid not in own and _folder(process) == folder.resolve():
            others.append(f"{kind} {process.pid}")
    if others:
        raise RelampError(
            f"{folder}: still at work here: {', '.join(sorted(others))}; wait for them, or end them "
            "(`kill <number>`), and unlock the folder then"
        )


def _is_job(words: list[str]) -> bool:
    return any("/.snakemake/scripts/" in word for word in words[1:])


def _is_snakemake(words: list[str]) -> bool:
    return words[1:3] == ["-m", "snakemake"] or any(Path(word).name == "snakemake" for word in words[:2])


def _words(process: psutil.Process) -> list[str]:
    """Return a process's command; nothing if it has ended or is nobody's business."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def _folder(process: psutil.Process) -> Path | None:
    try:
        return Path(process.cwd())
    except psutil.Error:
        return None
