"""Store what a run has trained and scored, finished or under way, to go on with it on another machine."""

import argparse
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from relamp.errors import RelampError
from relamp.runtime.files import sha256, whole, write_zip
from relamp.runtime.job import named
from relamp.runtime.sealed import read_sealed
from relamp.study.config import configured
from relamp.tools.overrides import add_overrides, overrides
from relamp.tools.stored import CODE, INDEX, OBJECTS, ROWS, TRAINING, Entry, Stored, counted, index_text, kind_of


def main(words: Sequence[str]) -> int:
    """Store a run; return the exit status, 1 if something could not be read. Raises RelampError as `store` does."""
    parser = argparse.ArgumentParser(prog="relamp store", description=__doc__)
    parser.add_argument("place", type=Path, help="the folder, or the zip file (.zip), to write or to add to")
    add_overrides(parser)
    given = parser.parse_args(words)
    found = store(given.place, overrides(given))
    print("\n".join([f"{given.place}: holds now", *counted(found.entries.values())]))
    for why, count in sorted(found.useless.items()):
        print(f"left out: {count} files: {why}")
    for line in found.damaged:
        print(f"left out: {line}")
    return 1 if found.damaged else 0


@dataclass
class Held:
    """What a store holds after a run was added to it, and what was left out.

    Attributes:
        entries: by what they are.
        useless: how many files no job takes over any more, by the reason.
        damaged: what cannot be read, a line each.
    """

    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    useless: Counter[str] = field(default_factory=Counter)
    damaged: list[str] = field(default_factory=list)


class _UselessError(RelampError):
    """A file that no job takes over; the message says why."""


def store(place: Path, over: Mapping[str, Any] | None = None) -> Held:
    """Add what a run keeps to a store; return all that it holds then, and what was left out and why.

    The same content is one object. Of a training the one that is further on is held.

    Args:
        place: a folder or, if it ends in .zip, a file.
        over: entries that override those of config.yaml.

    Raises:
        RelampError: there is nothing to store, or what is there is no store.
    """
    config = configured(over)
    folder = Path("results") / config.name
    lists = sorted((Path("results") / config.preset / "code").glob("*.txt"))
    codes = {sha256(file): file.read_bytes() for file in lists}
    files = {path.relative_to(folder).as_posix(): path for path in sorted((folder / "state").rglob("*"))}
    files = {name: path for name, path in files.items() if kind_of(name) and path.is_file()}
    if not files:
        raise RelampError(f"{folder}/state: holds nothing yet to store; run something first, or name a preset")
    if not codes:
        raise RelampError(f"{folder}: nothing was run here yet, so that no code is known of it; run something first")
    zipped = place.suffix == ".zip"
    # A folder without an index is an interrupted one, or an empty one.
    before = Stored(place) if (place if zipped else place / INDEX).exists() else None
    if not zipped and before is None and place.exists() and not _may_be_store(place):
        raise RelampError(f"{place}: is there and no results store; name another folder")
    held = Held({entry.what: entry for entry in (before.entries if before else ())})
    pieces = _pieces(_read(files, codes, held), before, codes, held.entries, again=zipped)
    if zipped:
        write_zip(place, pieces, compressed=False)
    else:
        for name, content in pieces:
            _write(place / name, content)
        used = {entry.sha256 for entry in held.entries.values()}
        for entry in before.entries if before else ():
            if entry.sha256 not in used:  # a training that is further on now
                (place / OBJECTS / entry.sha256).unlink(missing_ok=True)
    return held


def _may_be_store(place: Path) -> bool:
    return place.is_dir() and all(path.name in (OBJECTS, CODE) or path.name[0] == "." for path in place.iterdir())


def _read(files: Mapping[str, Path], codes: Mapping[str, bytes], held: Held) -> Iterator[tuple[Entry, bytes]]:
    """Yield an entry and its content for each file, and note why one is left out."""
    for name, path in files.items():
        try:
            content = path.read_bytes()  # once, since a run at work may replace the file meanwhile
            yield _entry(name, path, content, codes), content
        except _UselessError as error:
            held.useless[str(error)] += 1
        except RelampError as error:
            held.damaged.append(str(error))
        except OSError as error:
            held.damaged.append(f"{path}: cannot be read ({error.strerror}); fix its rights")


def _entry(name: str, path: Path, content: bytes, codes: Mapping[str, bytes]) -> Entry:
    kind, digest = kind_of(name), hashlib.sha256(content).hexdigest()
    common: dict[str, Any] = {"place": name, "sha256": digest, "bytes": len(content)}
    if kind == TRAINING:
        saved = named("relamp.train.loop:read_state")(path, io.BytesIO(content), "cpu")
        facts = saved.get("facts", {})
        # state/train/<domain>/<dataset>/<method>/<setting> or state/finetune/<dataset>/<method>/<setting>
        parts = name.split("/")[3 if name.startswith("state/train/") else 2 :]
        common |= dict(zip(("dataset", "method", "setting"), parts, strict=False))
        common |= {name: facts[name] for name in ("seed", "torch", "device") if name in facts}
        common |= {"key": saved["key"], "epochs": tuple(saved.get("epochs", ())), "made": saved["made"]}
        return Entry(**common, code=_known(facts.get("code", ""), codes))
    facts, _ = read_sealed(path)
    if kind == ROWS:
        common |= {name: facts[name] for name in ("dataset", "method", "setting", "made") if name in facts}
        return Entry(**common, code=_known(facts.get("code", ""), codes))
    return Entry(**common, code=_known(name.split("/")[2], codes))


def _known(code: str, codes: Mapping[str, bytes]) -> str:
    """Return the sha256 of the list of source files that begins so; raises _UselessError if there is none."""
    if not code:
        raise _UselessError("an older version made them, which did not say by which code")
    for digest in codes:
        if digest.startswith(code):
            return digest
    raise _UselessError("made by other code than that of the last run here")


def _pieces(
    found: Iterable[tuple[Entry, bytes]],
    before: Stored | None,
    codes: Mapping[str, bytes],
    entries: dict[tuple[str, str], Entry],
    *,
    again: bool,
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a store by name, the index last; complete the entries, at first those that it holds already.

    The files of these come along `again`, where it is written as a whole.
    """
    objects: set[str] = set()
    latest = {entry.place: entry for entry in sorted(entries.values(), key=lambda entry: entry.turn)}
    for entry, content in found:
        other, lay = entries.get(entry.what), latest.get(entry.place)
        # Of several trainings at one place, by other settings, the one that lies there now is the latest.
        turn = 0 if lay is None else lay.turn + (lay.key != entry.key)
        latest[entry.place] = replace(entry, turn=turn)
        if other is not None and entry.epochs < other.epochs:
            entries[entry.what] = replace(other, turn=turn)
        else:
            entries[entry.what] = latest[entry.place]
            if entry.sha256 not in objects:
                objects.add(entry.sha256)
                yield f"{OBJECTS}/{entry.sha256}", content
    lists = {entry.code for entry in entries.values()}
    yield from ((f"{CODE}/{digest}.txt", codes[digest]) for digest in sorted(lists & codes.keys()))
    if before and again:
        for digest in sorted({entry.sha256 for entry in entries.values()} - objects):
            with before.open(OBJECTS, digest) as file:
                yield f"{OBJECTS}/{digest}", file.read()
        for digest in sorted(lists - codes.keys()):
            yield f"{CODE}/{digest}.txt", before.code(digest).encode()
    yield INDEX, index_text(entries.values()).encode()


def _write(path: Path, content: bytes) -> None:
    """Write a file unless it holds just that: what was damaged is mended."""
    if not path.is_file() or path.stat().st_size != len(content) or path.read_bytes() != content:
        with whole(path) as beside:
            beside.write_bytes(content)
