"""The rows of a run in one zip file: unpacked, checked for what is missing, and what is asked of them."""

import os
from pathlib import Path

from relamp.artifacts.base import Artifact
from relamp.data.archive import Archive
from relamp.errors import RelampError, listed
from relamp.runtime.files import json_line, read_json, write_changed, write_json
from relamp.runtime.home import home
from relamp.runtime.sealed import is_sealed, write_sealed
from relamp.study.config import CONFIG, restored
from relamp.study.plan import Plan
from relamp.study.recorded import recorded_command

_MOST_BYTES = 2**32


def unpacked(rows: Path, out: Path) -> Plan:
    """Unpack rows below a folder; return the plan of all that is rendered from them there.

    Rows in an archive from before they had facts get those of its configuration, which alone says them there. Raises
    RelampError if the file holds no rows of a configuration, or not all.
    """
    archive = Archive(rows, _MOST_BYTES)
    if CONFIG not in archive:
        raise RelampError(f"{rows}: holds no rows of a run; make it with `relamp pack`")
    archive.unpack(out)
    recorded = read_json(out / CONFIG)
    config = restored(recorded, archive.place(CONFIG))
    # Older archives have no command: the sidecar of their verdicts lies beside them.
    words = recorded["command"] if "command" in recorded else recorded_command(rows.parent)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise RelampError(f"{archive.place(CONFIG)}: its command is no list of words; pack it again")
    write_json(out / CONFIG, {**recorded, "command": words})
    plan = Plan(config, str(out), str(out / "figures"), os.path.relpath(home() / "published"))
    if missing := [path for path in plan.all_rows() if not Path(path).is_file()]:
        raise RelampError(f"{rows}: lacks {listed(Path(path).relative_to(out) for path in missing)}; pack it again")
    if not recorded.get("sealed"):
        for artifact in plan.artifacts.values():
            for path, facts in plan.asked(artifact).items():
                if Path(path).is_file() and not is_sealed(path):
                    write_sealed(path, Path(path).read_bytes().decode(errors="replace"), facts)
    return plan


def asked_file(plan: Plan, artifact: Artifact) -> Path:
    """Write what is asked of the stored files of an artifact, unless it stands there; return the file."""
    file = Path(plan.results) / "asked" / f"{artifact.name}.json"
    write_changed(file, json_line(plan.asked(artifact)))
    return file
