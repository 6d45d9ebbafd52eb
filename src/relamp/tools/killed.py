"""A job that was killed from outside says nothing itself; most likely memory ran out."""

import logging
import re
import sys
from typing import Any

_KILLED = re.compile(r"died with <Signals.SIGKILL: 9>|returned non-zero exit status 137")


class KilledJobs(logging.Handler):
    """Listens to what Snakemake logs, and prints a line for each job that was killed (SIGKILL)."""

    def __init__(self) -> None:
        """Begin with no job."""
        super().__init__()
        self.begun: dict[int, Any] = {}
        self.killed = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Hear one record."""
        event: Any = getattr(record, "event", None)
        job: Any = record
        if event == "job_info":
            self.begun[job.jobid] = job
        elif event == "error":
            # How a job ended is said before which one it was.
            self.killed += bool(_KILLED.search(record.getMessage()))
        elif event == "job_error" and self.killed:
            self.killed -= 1
            print(line(self.begun.get(job.jobid, job)), file=sys.stderr)


def line(job: Any) -> str:
    """Return what is said of a killed job, by the record of its start."""
    name = job_name(job.rule_name, getattr(job, "wildcards", {}))
    asked = dict(getattr(job, "resources", {}).items()).get("mem_mb")
    had = f"it had asked for {asked} MB" if asked else "it asks for none"
    return (
        f"relamp: {name}: killed from outside (SIGKILL), most likely because memory ran out; {had}: "
        f"run fewer jobs at once (--resources mem_mb=<free MB>) or ask for more "
        f"(--set-resources {job.rule_name}:mem_mb=<MB>), and run the same command again"
    )


def job_name(rule: str, wildcards: Any) -> str:
    """Return a job in words: its rule, then data set, method and setting where it has them."""
    values = [str(value) for value in dict(wildcards or {}).values() if value != "default"]
    return " ".join([rule.replace("_", " "), *values])
