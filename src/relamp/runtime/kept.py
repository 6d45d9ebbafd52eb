"""Cache each of many small outputs of one job under a hash of its inputs.

A job that makes forty files makes them all again when one is added or when it is killed in the middle. Here only what
is missing is computed, and the rest copied.
"""

import functools
import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from relamp.errors import RelampError
from relamp.runtime.files import sha256, whole
from relamp.runtime.log import RESUMES
from relamp.runtime.processes import run_all
from relamp.runtime.progress import Progress
from relamp.runtime.sealed import check_facts, read_sealed

log = logging.getLogger(__name__)


def fingerprint(facts: Any) -> str:
    """Return a hash of everything a result depends on (settings, seed, data, code), given as JSON-able facts."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def by_content(value: Any, hash_of: Callable[[Path], str] = sha256) -> Any:
    """Return arguments as JSON-able facts: a path counts by the hash of what the file holds, not by its name."""
    if isinstance(value, Path):
        return hash_of(value)
    if isinstance(value, Mapping):
        return {str(key): by_content(part, hash_of) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [by_content(part, hash_of) for part in value]
    return value


def borrow(folder: Path, lender: Path) -> None:
    """Take over what another run keeps in the folder of a lender, unless a file of that name is there.

    Whether it fits is told by the fingerprints: a file's name, or what it holds. Files are shared by links where the
    disk can, which is safe since all are replaced as a whole and never changed.
    """
    for file in sorted(lender.glob("[!.]*")) if lender.is_dir() else ():
        own = folder / file.name
        if file.is_file() and not own.exists():
            folder.mkdir(parents=True, exist_ok=True)
            try:
                own.hardlink_to(file)
            except OSError:  # another disk, or one without links
                _copy(file, own)


def make_each(
    make: Callable[..., None],
    arguments: Sequence[Mapping[str, Any]],
    outputs: Sequence[Path],
    cache: Path,
    code: Path,
    processes: int,
    what: str,
    lender: Path | None = None,
    uncounted: Mapping[str, Any] | None = None,
    facts: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """Make every output, several at a time, unless the same is cached from an earlier job.

    Args:
        make: a module's function; takes a call's arguments by name, and `output`.
        arguments: of each call: numbers, strings, paths of files, and mappings and lists of these.
        outputs: a file for each call, all below the folder of `cache`.
        cache: a folder where each output, a sealed file, is kept under a hash of the contents of its arguments and of
            `code`; one that was changed since, or says other facts, is made again.
        code: hashes of the source files that results depend on.
        processes: how many calls are made at once.
        what: is made, for the progress bar.
        lender: the cache of another run, from which what is missing is taken.
        uncounted: further arguments of every call, on which no output depends.
        facts: what each output has to say of itself; by default nothing.
    """
    shared = [f"{make.__module__}.{make.__qualname__}", sha256(code)]
    hash_of = functools.cache(sha256)  # most calls read the same data set
    calls = []
    for given, output, said in zip(arguments, outputs, facts or [{}] * len(outputs), strict=True):
        name = fingerprint([*shared, by_content(given, hash_of)]) + output.suffix
        place = output.relative_to(cache.parent).parent
        if lender:
            borrow(cache / place, lender / place)
        calls.append((make, {**given, **(uncounted or {})}, output, cache / place / name, said))
    made = 0
    with Progress(what, len(calls)) as progress:
        for done, new in enumerate(run_all(_take_or_make, calls, min(processes, len(calls))), start=1):
            made += new
            progress.to(done)
    if made < len(calls):
        log.info("%s with %d of %d that an earlier job had made", RESUMES, len(calls) - made, len(calls))


def _take_or_make(
    make: Callable[..., None], given: dict[str, Any], output: Path, stored: Path, said: Mapping[str, Any]
) -> int:
    """Return whether the output had to be made."""
    if stored.is_file():
        try:
            check_facts(stored, read_sealed(stored)[0], said)
        except RelampError:
            log.warning("%s: does not match its sha256 line, or is of another run; it is made again", stored)
        else:
            _copy(stored, output)
            return 0
    make(**given, output=output)
    _copy(output, stored)
    for other in stored.parent.glob(f"*{stored.suffix}"):
        if other != stored:
            other.unlink()
    return 1


def _copy(source: Path, target: Path) -> None:
    with whole(target) as beside:
        shutil.copyfile(source, beside)
