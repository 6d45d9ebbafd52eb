"""The form of a results store, which carries what a run has trained and scored to another machine.

It is a folder, or a zip file, of `objects/<sha256>`, each a file of a run's `state`; `code/<sha256>.txt`, lists of the
source files that made them; and `index.jsonl`, a line for each object and one with their number. Jobs take over what
they find in `state` by fingerprints of data, code, settings and seed, so that a store needs no rules of its own for
what fits.
"""

import hashlib
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from relamp.data.archive import Archive, Folder
from relamp.errors import RelampError, reason, shortened
from relamp.runtime.files import whole

INDEX, OBJECTS, CODE = "index.jsonl", "objects", "code"
# What jobs keep: states of trainings, rows of a run, rows that runs have in common (by 16 letters of their code).
TRAINING, ROWS, COMMON = "training", "rows", "rows in common"
_NAME = r"[^/\\\x00-\x1f.][^/\\\x00-\x1f]*"
_PLACES = {
    TRAINING: rf"state/(?:train|finetune)(?:/{_NAME})+/seed~\d+\.pt",
    ROWS: rf"state/rows(?:/{_NAME})+/[0-9a-f]{{64}}\.csv",
    COMMON: r"state/shared/[0-9a-f]{16}/[0-9a-f]{64}\.csv",
}
_HASH = re.compile(r"[0-9a-f]{64}")
_STEP = 2**20


def kind_of(place: str) -> str:
    """Return what lies at a place below a run's folder; "" for what no store carries, half-written files among it."""
    return next((kind for kind, pattern in _PLACES.items() if re.fullmatch(pattern, place)), "")


@dataclass(frozen=True)
class Entry:
    """An object of a store: a line of its index.

    Attributes:
        place: of the file below the run's folder.
        sha256, bytes: of its content.
        code: sha256 of the list of source files that made it.
        dataset, method, setting: which run; "" for rows in common.
        seed: of a training.
        key: the fingerprint of a training, of data, code, settings, seed and what else decides its bits.
        epochs: of a training: done, samples of the next, all.
        torch, device: of a training; only the same go on with it.
        made: on which machines, with which commits, in how many seconds, see `relamp.runtime.made`.
        turn: of several trainings at one place, which was stored last: the one with the highest.
    """

    place: str
    sha256: str
    bytes: int
    code: str
    dataset: str = ""
    method: str = ""
    setting: str = ""
    seed: int | None = None
    key: str = ""
    epochs: tuple[int, ...] = ()
    torch: str = ""
    device: str = ""
    made: Any = field(default_factory=list)
    turn: int = 0

    @property
    def what(self) -> tuple[str, str]:
        """Return what it is, however far: rows are named by all they depend on, a training is told by its key."""
        return self.place, self.key

    @property
    def kind(self) -> str:
        """Return what it is called where such are counted."""
        if kind_of(self.place) != TRAINING:
            return kind_of(self.place)
        return "trainings finished" if self.epochs[0] >= self.epochs[2] else "trainings under way"


_ENTRY = TypeAdapter(Entry)


def index_text(entries: Iterable[Entry]) -> str:
    """Return an index, by place; its last line says how many there are, so that one that was cut is known as such."""
    ordered = sorted(entries, key=lambda entry: entry.what)
    lines = [json.dumps(asdict(entry), sort_keys=True) for entry in ordered]
    return "".join(f"{line}\n" for line in (*lines, _end(len(lines))))


def _end(count: int) -> str:
    return json.dumps({"entries": count})


class Stored:
    """A store that is there; a zip file is trusted no further than its own size, since nothing in it is compressed.

    Raises RelampError if it is none, or names a place that is none of a run's state.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            raise RelampError(f"{path}: is not there; make it with `relamp store {path}`")
        # Another zip file, such as packed rows, may unpack to more than its size: whether it is a store comes first.
        archive = None if path.is_dir() else Archive(path, sys.maxsize)
        if archive and INDEX in archive:
            archive = Archive(path, path.stat().st_size)
        self._files = {name: archive or Folder(path / name) for name in ("", OBJECTS, CODE)}
        if INDEX not in self._files[""]:
            raise RelampError(f"{path}: is no results store, it has no {INDEX}; name another")
        self.entries = self._entries()

    def open(self, folder: str, name: str) -> BinaryIO:
        """Open a file of the store; raises RelampError if it is not there."""
        if name not in self._files[folder]:
            raise RelampError(f"{self.path}: lacks {folder}/{name}; store it again where it was made")
        return self._files[folder].open(name)

    def code(self, digest: str) -> str:
        """Return the list of source files of that sha256; raises RelampError if it is missing or another."""
        with self.open(CODE, f"{digest}.txt") as file:
            content = file.read()
        self._check(hashlib.sha256(content).hexdigest(), digest, f"{CODE}/{digest}.txt")
        return content.decode(errors="replace")

    def put(self, entry: Entry, target: Path) -> None:
        """Copy an object to a file, as a whole or not at all; raises RelampError if it is missing or damaged."""
        summed = hashlib.sha256()
        with self.open(OBJECTS, entry.sha256) as stream, whole(target) as beside:
            with beside.open("wb") as file:
                while piece := stream.read(_STEP):
                    summed.update(piece)
                    file.write(piece)
            self._check(summed.hexdigest(), entry.sha256, f"{OBJECTS}/{entry.sha256} ({entry.place})")

    def _check(self, found: str, wanted: str, name: str) -> None:
        if found != wanted:
            raise RelampError(f"{self.path}: {name} is damaged; store it again where it was made")

    def _entries(self) -> list[Entry]:
        with self._files[""].open(INDEX) as file:
            lines = file.read().decode(errors="replace").splitlines()
        if not lines or lines.pop() != _end(len(lines)):
            fault = "is cut off, or of an older version; store into another place where it was made"
            raise RelampError(f"{self.path}: {INDEX} {fault}")
        return [self._entry(number, line) for number, line in enumerate(lines, start=1)]

    def _entry(self, number: int, line: str) -> Entry:
        where = f"{self.path}: line {number} of {INDEX}"
        try:
            entry = _ENTRY.validate_json(line)
        except ValidationError as error:
            raise RelampError(f"{where} is no entry ({reason(error)}); store it again where it was made") from error
        kind = kind_of(entry.place)
        if not kind:
            fault = f"{shortened(repr(entry.place), 100)} is no place of a run's state"
            raise RelampError(f"{where}: {fault}; do not use this store")
        if not all(_HASH.fullmatch(each) for each in (entry.sha256, entry.code)):
            raise RelampError(f"{where}: has no sha256 of object and code; do not use this store")
        if kind == TRAINING and len(entry.epochs) != 3:
            raise RelampError(f"{where}: does not say how many epochs are done; store it again where it was made")
        return entry


def counted(entries: Iterable[Entry]) -> list[str]:
    """Return how many of each kind there are, and their bytes, a line each."""
    entries = list(entries)
    kinds = ("trainings finished", "trainings under way", ROWS, COMMON)
    counts = {kind: sum(entry.kind == kind for entry in entries) for kind in kinds}
    lines = [f"{count:>7,}  {kind}" for kind, count in counts.items() if count]
    return [*lines, f"{sum(entry.bytes for entry in entries) / 1e6:>7,.1f}  MB"]
