"""Recorded runs that are rendered, and what an earlier site has of them while rows, code and packages stay the same."""

import hashlib
import shutil
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

import relamp
from relamp.lite import render
from relamp.render.style import drawn_as
from relamp.runtime.files import sha256, write_text
from relamp.runtime.home import home

MARK = ".rendered"  # what a rendered run was made of, and all that it holds


def render_run(rows: Path, out: Path, earlier: Path) -> int:
    """Render a recorded run into `out`, or copy it from an earlier site; return whether it had to be rendered.

    It is copied if its rows are the same, and relamp, what it reads besides and all installed packages, and no file of
    it was changed. Raises RelampError as `relamp.lite.render` does.
    """
    mark = earlier / MARK
    if mark.is_file() and mark.read_bytes() == _mark(rows, earlier).encode():
        shutil.copytree(earlier, out)
        return 0
    with drawn_as("png"):  # what its pages show
        render(rows, out)
    write_text(out / MARK, _mark(rows, out))
    return 1


def _mark(rows: Path, made: Path) -> str:
    return f"rows {sha256(rows)}\nrelamp {_relamp()}\nfiles {_hash_of(made)}\n"


@cache
def _relamp() -> str:
    packages = sorted(f"{each.name} {each.version}" for each in metadata.distributions())
    # Not what the site says of the runs together.
    read = [
        _hash_of(Path(relamp.__file__).parent, "site"),
        *(_hash_of(home() / name) for name in ("published", "workflow")),
    ]
    return hashlib.sha256("\n".join([sys.version, *packages, *read]).encode()).hexdigest()


def _hash_of(folder: Path, *left_out: str) -> str:
    lines = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not {MARK, "__pycache__", *left_out}.intersection(parts):
            lines.append(f"{'/'.join(parts)} {sha256(path)}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
