"""Snakemake's logger `relamp`, taken by `--logger relamp`: the name of this package is how Snakemake finds it.

Snakemake imports it in each run, before it reads the rules. They decide which copy of relamp is taken, a clone's or the
installed one, so that nothing of relamp is imported here until they have been read.
"""

from __future__ import annotations

import sys
from logging import ERROR, LogRecord
from typing import TYPE_CHECKING

from snakemake_interface_logger_plugins.base import LogHandlerBase

if TYPE_CHECKING:
    from relamp.tools.telling import Teller


class LogHandler(LogHandlerBase):
    """Tells of a run in a line for each job."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Begin with nothing to tell."""
        self.waiting: list[LogRecord] = []
        self.teller: Teller | None = None

    def emit(self, record: LogRecord) -> None:
        """Tell what a record is about, once the rules have been read: then there are events, or an error."""
        self.waiting.append(record)
        if self.teller or getattr(record, "event", None) or record.levelno >= ERROR:
            self._tell()

    def close(self) -> None:
        """Tell how the run ended."""
        if self.waiting or self.teller:
            self._tell().close()
        super().close()

    def _tell(self) -> Teller:
        if self.teller is None:
            from relamp.runtime.terminal import Patient
            from relamp.tools.telling import Teller

            self.teller = Teller(Patient(sys.stderr), dry=self.common_settings.dryrun)
        for record in self.waiting:
            self.teller.hear(record)
        self.waiting.clear()
        return self.teller
