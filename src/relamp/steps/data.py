"""Pack a data set with its guard's report."""

import logging
from pathlib import Path

from relamp.data.embedded import pack
from relamp.data.guard import inspect, render
from relamp.files import write_csv, write_json

log = logging.getLogger(__name__)


def pack_dataset(name: str, packed: Path, guard: Path, dropped: Path) -> None:
    """Verify and read a data set, and write it packed, with the guard's report and the list of dropped rows."""
    data, left_out = pack(name)
    report = inspect(data)
    log.info("%s", render(report))
    write_csv(dropped, left_out)
    write_json(guard, report)
    data.save(packed)
