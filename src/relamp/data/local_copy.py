"""Packed data on a compute node's own disk, where its random reads do not go through the network."""

import logging
import os
import shutil
from pathlib import Path

from relamp.errors import RelampError
from relamp.runtime.files import whole
from relamp.runtime.kept import fingerprint

log = logging.getLogger(__name__)

SWITCH = "RELAMP_SCRATCH"


def local_copy(path: Path) -> Path:
    """Return where to read a packed file from: its copy below the folder that RELAMP_SCRATCH names, or the file itself.

    The copy is made by the first job of a node and shared by the next ones; one of a file that has changed since is not
    taken. Names of the job's own variables are filled in, as in `RELAMP_SCRATCH='$TMPDIR'`. If there is no room for the
    copy, or the variable is not set there, the file itself is read and the log says so.
    """
    named = os.environ.get(SWITCH)
    if not named or not path.is_file():  # its reader reports a missing file
        return path
    folder = os.path.expandvars(named)
    if "$" in folder:
        log.warning("%s: %s is not set on this node; %s is read where it lies", SWITCH, folder, path)
        return path
    facts = path.stat()
    key = fingerprint([str(path.resolve()), facts.st_size, facts.st_mtime_ns])
    copy = Path(folder) / f"relamp-{os.getuid()}" / key / path.name
    if not copy.is_file():
        try:
            with whole(copy) as beside:
                shutil.copyfile(path, beside)
        except RelampError as error:
            log.warning("%s; %s is read where it lies", error, path)
            return path
        log.info("%s: copied to %s", path, copy)
    return copy
