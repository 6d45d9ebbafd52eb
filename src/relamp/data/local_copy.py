"""Packed data on a compute node's own disk, where its random reads do not go through the network."""

import logging
import os
import shutil
import stat
from pathlib import Path

from relamp.errors import RelampError
from relamp.runtime.files import sha256, whole

log = logging.getLogger(__name__)

SWITCH = "RELAMP_SCRATCH"


def local_copy(path: Path, digest: str) -> Path:
    """Return where to read a packed file of a sha256 from: its copy below the folder of RELAMP_SCRATCH, or itself.

    The copy is made by the first job of a node and shared by the next ones; a damaged one is made again. Names of the
    job's own variables are filled in, as in `RELAMP_SCRATCH='$TMPDIR'`. If there is no room for the copy, the variable
    is not set there, or others can write to the copy's folder, the file itself is read and the log says so.
    """
    named = os.environ.get(SWITCH)
    if not named:
        return path
    folder = os.path.expandvars(named)
    try:
        if "$" in folder:
            raise RelampError(f"{SWITCH}: {folder} is not set on this node")  # noqa: TRY301 - told as all others
        copy = _own_folder(Path(folder)) / f"{digest}{path.suffix}"
        if not _is_sound(copy, digest):
            with whole(copy) as beside:
                shutil.copyfile(path, beside)
            log.info("%s: copied to %s", path, copy)
    except (OSError, RelampError) as error:
        log.warning("%s; %s is read where it lies", error, path)
        return path
    return copy


def _own_folder(folder: Path) -> Path:
    """Return this user's folder below another; raises RelampError if it is a link, or others can write to it."""
    own = folder / f"relamp-{os.getuid()}"
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = own.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or facts.st_mode & 0o022:
        raise RelampError(f"{own}: is a link or another user can write to it; delete it or name another {SWITCH}")
    return own


def _is_sound(copy: Path, digest: str) -> bool:
    """Whether a copy is this user's own regular file with the content that it should have."""
    if not os.path.lexists(copy):
        return False
    facts = copy.lstat()
    sound = stat.S_ISREG(facts.st_mode) and facts.st_uid == os.getuid() and sha256(copy) == digest
    if not sound:
        log.warning("%s: is not the file that was copied there; it is made again", copy)
    return sound
