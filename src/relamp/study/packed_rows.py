"""The rows of a run in one zip file: unpacked, checked for what is missing, what is asked and made of them."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from relamp.artifacts.base import Artifact
from relamp.data.archive import Archive
from relamp.errors import RelampError, listed, reason
from relamp.runtime.files import json_line, read_json, write_changed, write_json
from relamp.runtime.home import home
from relamp.runtime.job import bound, named
from relamp.runtime.sealed import intact, is_sealed, write_sealed
from relamp.study.config import CONFIG, restored
from relamp.study.plan import Plan
from relamp.study.recorded import SIDECAR, recorded_command

_MOST_BYTES = 2**32
_VERDICTS = ("verdict.csv", SIDECAR, "claims.csv")


def unpacked(rows: Path, out: Path) -> Plan:
    """Unpack rows below a folder; return the plan of all that is rendered from them there.

    Rows in an archive from before they had facts get those of its configuration, which alone says them there. Raises
    RelampError if the file holds no rows of a configuration, not all or altered ones; the folder stays as it was then.
    """
    archive = Archive(rows, _MOST_BYTES)
    if CONFIG not in archive:
        raise RelampError(f"{rows}: holds no rows of a run; make it with `relamp pack`")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as beside:
            archive.unpack(Path(beside))
            plan = _checked(archive, Path(beside), out)
            # Of what lies there from before no verdict may stand over these rows, should the rendering be cut off.
            for name in _VERDICTS:
                (out / name).unlink(missing_ok=True)
            for path in sorted(each for each in Path(beside).rglob("*") if each.is_file()):
                place = out / path.relative_to(beside)
                place.parent.mkdir(parents=True, exist_ok=True)
                path.replace(place)
    except OSError as error:
        raise RelampError(f"{out}: cannot be written ({reason(error)}); name another folder") from error
    return plan


def _checked(archive: Archive, unpacked: Path, out: Path) -> Plan:
    """Return the plan of what is rendered in a folder from rows that are unpacked in another one, if they are whole."""
    rows = archive.path
    recorded = read_json(unpacked / CONFIG)
    config = restored(recorded, archive.place(CONFIG))
    # Older archives have no command: the sidecar of their verdicts lies beside them.
    words = recorded["command"] if "command" in recorded else recorded_command(rows.parent)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise RelampError(f"{archive.place(CONFIG)}: its command is no list of words; pack it again")
    write_json(unpacked / CONFIG, {**recorded, "command": words})
    plan = Plan(config, str(out), str(out / "figures"), os.path.relpath(home() / "published"))
    names = [Path(path).relative_to(out) for path in plan.all_rows()]
    if missing := [name for name in names if not (unpacked / name).is_file()]:
        raise RelampError(f"{rows}: lacks {listed(missing)}; pack it again")
    if not recorded.get("sealed"):
        for artifact in plan.artifacts.values():
            for path, facts in plan.asked(artifact).items():
                place = unpacked / Path(path).relative_to(out)
                if place.is_file() and not is_sealed(place):
                    write_sealed(place, place.read_bytes().decode(errors="replace"), facts)
    if altered := [name for name in names if not intact(unpacked / name)]:
        raise RelampError(f"{rows}: {listed(altered)}: not what was packed; fetch the file again, or pack it again")
    return plan


def make(plan: Plan, artifact: Artifact, command: str) -> None:
    """Make an artifact of unpacked rows; folds and splits are not there, to be named in its sidecar."""
    words = plan.inputs(artifact) | plan.outputs(artifact) | plan.params(artifact)
    words |= {"splits": (), "asked": asked_file(plan, artifact), "command": command}
    function = named(artifact.call)
    function(**bound(function, words))


def asked_file(plan: Plan, artifact: Artifact) -> Path:
    """Write what is asked of the stored files of an artifact, unless it stands there; return the file."""
    file = Path(plan.results) / "asked" / f"{artifact.name}.json"
    write_changed(file, json_line(plan.asked(artifact)))
    return file
