"""Snakemake's logger `relamp`, taken by `--logger relamp`: the name of this package is how Snakemake finds it."""

import sys
from logging import LogRecord

from snakemake_interface_logger_plugins.base import LogHandlerBase

from relamp.runtime.terminal import Patient
from relamp.tools.telling import Teller


class LogHandler(LogHandlerBase):
    """Tells of a run in a line for each job."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Write to where Snakemake itself would."""
        self.teller = Teller(Patient(sys.stderr), dry=self.common_settings.dryrun)

    def emit(self, record: LogRecord) -> None:
        """Tell what a record is about."""
        self.teller.hear(record)

    def close(self) -> None:
        """Tell how the run ended."""
        self.teller.close()
        super().close()
