"""Take over what another machine has trained and scored; the next `relamp run` goes on from there."""

import argparse
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from relamp.errors import RelampError, listed
from relamp.runtime.code import altered
from relamp.runtime.job import named
from relamp.runtime.sealed import intact
from relamp.study.config import configured
from relamp.tools.overrides import add_overrides, overrides
from relamp.tools.stored import TRAINING, Entry, Stored, counted, kind_of


def main(words: Sequence[str]) -> int:
    """Restore a store; return the exit status, 1 if something is damaged. Raises RelampError as `restore` does."""
    parser = argparse.ArgumentParser(prog="relamp restore", description=__doc__)
    parser.add_argument("place", type=Path, help="the folder, or the zip file, that `relamp store` wrote")
    add_overrides(parser)
    given = parser.parse_args(words)
    found = restore(given.place, overrides(given))
    print("\n".join([f"{given.place}: taken over", *counted(found.taken)]))
    for torch, device in sorted({(e.torch, e.device) for e in found.taken if kind_of(e.place) == TRAINING}):
        print(f"trainings by torch {torch} on {device}: jobs with the same go on with them")
    for kind, count in sorted(Counter(entry.kind for entry in found.stays).items()):
        print(f"left out: {count} {kind}: another stays in their place")
    for files, others in found.other_code.items():
        for kind, count in sorted(Counter(entry.kind for entry in others).items()):
            print(f"left out: {count} {kind}: made by other code ({listed(files)})")
    for line in found.damaged:
        print(f"left out: {line}")
    return 1 if found.damaged else 0


@dataclass
class Restored:
    """What became of the entries of a store.

    Attributes:
        taken: those that lie in the run's folder now.
        stays: those in whose place another stays, or was taken.
        other_code: those of other code, by the source files that differ.
        damaged: what cannot be used, a line each.
    """

    taken: list[Entry] = field(default_factory=list)
    stays: list[Entry] = field(default_factory=list)
    other_code: dict[tuple[str, ...], list[Entry]] = field(default_factory=lambda: defaultdict(list))
    damaged: list[str] = field(default_factory=list)


def restore(place: Path, over: Mapping[str, Any] | None = None) -> Restored:
    """Put what a store holds into a run's folder, as far as this code made it; each object is compared with its sha256.

    What lies there stays, unless it is the same training and less far, or no job of this code can use it.

    Args:
        place: a folder or a zip file.
        over: entries that override those of config.yaml.

    Raises:
        RelampError: there is no store, or it names a place outside the run's state.
    """
    stored, folder, found = Stored(place), Path("results") / configured(over).name, Restored()
    for entry in _of_this_code(stored, found):
        target = folder / entry.place
        try:
            if _stays(target, entry):
                found.stays.append(entry)
            else:
                stored.put(entry, target)
                found.taken.append(entry)
        except RelampError as error:
            found.damaged.append(str(error))
    return found


def _of_this_code(stored: Stored, found: Restored) -> list[Entry]:
    """Return the entries that the present source files made, one a place, and note the others."""
    differing: dict[str, tuple[str, ...]] = {}
    fitting: dict[str, Entry] = {}
    installed = _installed()
    for code in sorted({entry.code for entry in stored.entries}):
        try:
            differing[code] = tuple(altered(stored.code(code)))
        except RelampError as error:
            count = sum(entry.code == code for entry in stored.entries)
            found.damaged.append(f"{error} ({count} entries are of this code)")
    for entry in stored.entries:
        if differing.get(entry.code):
            found.other_code[differing[entry.code]].append(entry)
        elif entry.code in differing:
            other = fitting.get(entry.place)
            # Of trainings at one place, by builds of torch or by settings, the one of this machine's, stored last.
            if other is None or (entry.torch == installed, entry.turn) > (other.torch == installed, other.turn):
                fitting[entry.place] = entry
            found.stays += [each for each in (other, entry) if each and each is not fitting[entry.place]]
    return list(fitting.values())


def _installed() -> str:
    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        return ""


def _stays(target: Path, entry: Entry) -> bool:
    """Return whether the file that is there is kept."""
    if kind_of(entry.place) != TRAINING or not target.is_file():
        return target.is_file() and intact(target)
    try:
        there = named("relamp.train.loop:read_state")(target, target, "cpu")
    except RelampError:
        return False
    if there["key"] == entry.key:
        return tuple(there.get("epochs", ())) >= entry.epochs
    # Of other code than the entry's, which is the present one, it is of no use to any job.
    kept: bool = there.get("facts", {}).get("code") == entry.code
    return kept
