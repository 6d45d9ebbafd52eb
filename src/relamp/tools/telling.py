"""What a run tells of itself: a line for each job, with what it took and how much time is left."""

import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from relamp.runtime.terminal import Patient
from relamp.tools.killed import job_name

# A job of unknown size, such as a report.
_UNKNOWN_S = 10.0
# Seconds of work after which the machine's own speed counts as much as what rates.csv expects of it.
_TRUST_S = 60.0
# After so long a silence the jobs at work are named.
_SILENCE_S = 60.0
_JOB_FAILED = re.compile("CalledProcessError|Exiting because a job execution failed|At least one job did not complete")


@dataclass
class Job:
    """A job that a run has planned: seconds that it should take, CPUs, and when it began."""

    expected: float
    threads: int
    name: str = ""
    log: str = ""
    since: float | None = None

    def took(self) -> float:
        """Return for how many seconds it is at work."""
        return time.monotonic() - self.since if self.since is not None else 0.0


@dataclass
class Plan:
    """What is still to be done: jobs by number, on some cores; and what the ended ones should have taken, and took."""

    cores: int
    jobs: dict[int, Job]
    expected: float = 0.0
    took: float = 0.0

    def ended(self, number: int) -> None:
        """Count a job as ended."""
        if job := self.jobs.pop(number, None):
            self.expected += job.expected
            self.took += job.took()

    def left(self) -> float:
        """Return how many seconds are left, at the speed seen so far."""
        factor = (self.took + _TRUST_S) / (self.expected + _TRUST_S)
        left = [(max(factor * job.expected - job.took(), 0.0), job.threads) for job in self.jobs.values()]
        longest = max((seconds for seconds, _ in left), default=0.0)
        return max(sum(seconds * threads for seconds, threads in left) / self.cores, longest)


class Teller:
    """Writes a run's lines to a stream, from the records that Snakemake logs."""

    def __init__(self, stream: TextIO | Patient, *, dry: bool = False) -> None:
        """Begin with nothing to do; `dry` says that jobs are only listed."""
        self.stream, self.dry = stream, dry
        self.plan: Plan | None = None
        self.total, self.done, self.since, self.last = 0, 0, time.monotonic(), time.monotonic()
        self.begun: dict[int, Job] = {}
        self.over = threading.Event()
        self.lock = threading.Lock()

    def hear(self, record: logging.LogRecord) -> None:
        """Tell what a record is about."""
        told: Any = record
        event = str(getattr(record, "event", None))
        with self.lock:
            if plan := getattr(record, "plan", None):
                self.plan, self.total = plan, len(plan.jobs)
                self._tell(record.getMessage())
                threading.Thread(target=self._break_silence, daemon=True).start()
            elif event == "run_info":
                self.total = told.stats["total"]
            elif event == "job_info":
                self._begin(told)
            elif event == "job_finished":
                self._end(told.job_id)
            elif event == "job_error":
                self._fail(told)
            elif _worth_telling(record):
                self._tell(record.getMessage())

    def close(self) -> None:
        """Say what it came to."""
        if self.done and not self.over.is_set():
            self._tell(f"{self.done} of {self.total} jobs done in {spoken(time.monotonic() - self.since)}")
        self.over.set()

    def _begin(self, told: Any) -> None:
        expected, threads = _expected(told), told.threads
        job = self.plan.jobs.get(told.jobid) if self.plan else Job(expected or 0.0, threads)
        if job is None:  # it only names others, as `all` does
            return
        job.name, job.log = job_name(told.rule_name, told.wildcards), ", ".join(told.log)
        job.since = time.monotonic()
        self.begun[told.jobid] = job
        if self.dry:
            self._tell(job.name + (f": about {spoken(expected)}" if expected else ""))

    def _end(self, number: int) -> None:
        if job := self.begun.pop(number, None):
            took = spoken(job.took())
            self.done += 1
            if self.plan:
                self.plan.ended(number)
            self._tell(f"[{self.done:>{len(str(self.total))}}/{self.total}] {job.name}: {took}{self._left()}")

    def _fail(self, told: Any) -> None:
        job = self.begun.pop(told.jobid, None)
        name, after = (job.name, f" after {spoken(job.took())}") if job else (told.rule_name, "")
        self._tell(f"failed: {name}{after}" + (f" (see {', '.join(told.log)})" if told.log else ""))

    def _left(self) -> str:
        return f"; about {spoken(self.plan.left())} left" if self.plan and self.plan.jobs else ""

    def _break_silence(self) -> None:
        while not self.over.wait(_SILENCE_S / 4):
            with self.lock:
                if self.begun and time.monotonic() - self.last >= _SILENCE_S:
                    jobs = [f"{job.name} ({spoken(job.took())})" for job in self.begun.values()]
                    self._tell(f"at work: {', '.join(jobs)}{self._left()}")

    def _tell(self, text: str) -> None:
        self.last = time.monotonic()
        # On a terminal the bar of a job may stand in the line.
        start = "\r\x1b[K" if self.stream.isatty() else ""
        self.stream.write(f"{start}{time.strftime('%H:%M:%S')}  {text}\n")
        self.stream.flush()


def _worth_telling(record: logging.LogRecord) -> bool:
    """Whether a message of Snakemake's own is for users: not its steps, nor once more that a job has failed."""
    text = record.getMessage()
    wanted = record.levelno >= logging.WARNING or "Nothing to be done" in text
    return wanted and not _JOB_FAILED.search(text)


def _expected(job: Any) -> float | None:
    seconds = dict(job.resources.items()).get("expected_s")
    return None if seconds is None else float(seconds)


def spoken(seconds: float) -> str:
    """Return a time as one says it: 41 s, 9 min, 2 h 5 min."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def planned(jobs: Mapping[int, Any], cores: int) -> tuple[str, Plan]:
    """Return what is expected of Snakemake's jobs by number, in words and as a plan; what asks for no time is short."""
    found = {
        number: Job(_UNKNOWN_S if (seconds := _expected(job)) is None else seconds, min(job.threads, cores))
        for number, job in jobs.items()
    }
    plan = Plan(cores, found)
    many, on = (f"{count} {word}{'s' * (count != 1)}" for count, word in ((len(found), "job"), (cores, "core")))
    return f"{many}, about {spoken(plan.left())} on {on}", plan
