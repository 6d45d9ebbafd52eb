"""A sidecar: the JSON file beside a figure or table that says how it came about."""

import os
import platform
import re
import subprocess
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from relamp.errors import RelampError
from relamp.render.style import save
from relamp.runtime.files import sha256, write_json
from relamp.runtime.provenance import configuration, cpu_model

ROOT = Path(__file__).resolve().parents[3]
# Where an untracked file can change what is made.
_COUNTED = ("src", "workflow", "published", "config", "config.yaml", "Snakefile", "presets", "envs")
_GIT_KEPT = ("GIT_CEILING", "GIT_CONFIG")
SECONDS = 20.0  # for a foreign program; a hanging driver must not hang the workflow


def sidecar(inputs: Sequence[Path | str], command: str, repository: Path | str = ROOT) -> dict[str, Any]:
    """Return what is needed to make an output again.

    The command; the file of the effective configuration and each input, with their sha256; the git commit of
    `repository`, and whether it is altered (`dirty`); the versions of Python and of relamp's direct dependencies (None
    where one is not installed); host, platform, CPU, threads and GPUs; the time (UTC). Raises RelampError if an input
    is missing or git fails.
    """
    folder, config = Path(repository).resolve(), configuration()
    return {
        "command": command,
        "configuration": _input(config) if config else None,
        "cpu": cpu_model(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "git": git_state(folder),
        "gpu": gpu_names(),
        "host": platform.node(),
        "inputs": [_input(Path(path)) for path in inputs],
        "packages": {name: _version(name) for name in direct_dependencies(folder)},
        "platform": platform.platform(),
        "python": platform.python_version(),
        "threads": int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1),
    }


def write_sidecar(output: Path, inputs: Sequence[Path | str], command: str, read_again: Sequence[Path] = ()) -> None:
    """Write the sidecar of an output beside it, as .json, with the sha256 of what lies there and is read again.

    Raises RelampError as `sidecar` does.
    """
    outputs = {"outputs": [{"path": path.name, "sha256": sha256(path)} for path in read_again]} if read_again else {}
    write_json(output.with_suffix(".json"), {**sidecar(inputs, command), **outputs})


def save_drawn(drawn: tuple[Figure, pd.DataFrame], output: Path, inputs: Sequence[Path], command: str) -> None:
    """Write a figure and its numbers as `save` does, with its sidecar; raises RelampError as these do."""
    made = sidecar(inputs, command)
    git = made["git"]
    commit = f"commit {git['commit'] or 'unknown'}{', altered' if git['dirty'] else ''}"
    save(*drawn, output.with_suffix(""), f"{command} ({commit})")
    write_json(output.with_suffix(".json"), made)


def gpu_names() -> list[str] | None:
    """Return the names of the NVIDIA GPUs, or None where there is no working driver."""
    try:
        listed = _output(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], Path.cwd())
    except RelampError:
        # No program, or one without a driver or a device: the run had no GPU, which is a fact and no failure.
        return None
    return [line.strip() for line in listed.splitlines() if line.strip()] or None


def direct_dependencies(repository: Path) -> list[str]:
    """Return the names of all that relamp itself asks for, as installed or, where it is not, as in pyproject.toml.

    What only developers need is left out.
    """
    try:
        requirements = metadata.requires("relamp") or []
    except metadata.PackageNotFoundError:
        file = repository / "pyproject.toml"
        if not file.is_file():
            return []
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        groups = {"": project["dependencies"], **project.get("optional-dependencies", {})}
        requirements = [line for name, lines in groups.items() if name != "dev" for line in lines]
    names = [re.match(r"[\w.-]+", line) for line in requirements if not re.search(r"\bextra\s*==\s*['\"]dev\b", line)]
    return sorted({match.group() for match in names if match} - {"relamp"}, key=str.lower)


def git_state(repository: Path) -> dict[str, Any]:
    """Return the commit of a checkout and whether it is altered (`dirty`), both None if it is none itself.

    Altered are tracked files that differ, and untracked ones where sources, presets and published numbers lie. A
    repository above the folder, or one that variables of the environment name, is another's. Raises RelampError if git
    fails in the checkout.
    """
    nothing = {"commit": None, "dirty": None}
    try:
        top = _output(["git", "rev-parse", "--show-toplevel"], repository).strip()
        commit = _output(["git", "rev-parse", "--verify", "HEAD"], repository).strip()
    except RelampError:
        # No git, no repository, or one without a commit.
        return nothing
    if Path(top).resolve() != repository.resolve():
        return nothing
    # What is recorded is made, and makes nothing.
    altered = _output(["git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!reproduction"], repository)
    unknown = _output(["git", "ls-files", "--others", "--exclude-standard", "--", *_COUNTED], repository)
    return {"commit": commit, "dirty": bool(altered.strip() or unknown.strip())}


def _input(path: Path) -> dict[str, str]:
    if not path.is_file():
        raise RelampError(f"{path}: is an input of this output, but there is no such file; make it first")
    whole, folder = path.resolve(), Path.cwd().resolve()
    # Within the working folder by its place there, so that a sidecar reads alike on every machine.
    name = whole.relative_to(folder) if whole.is_relative_to(folder) else path
    return {"path": name.as_posix(), "sha256": sha256(path)}


@cache
def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _output(command: Sequence[str], folder: Path) -> str:
    # Git's own variables name another repository, for instance in a hook.
    known = {key: word for key, word in os.environ.items() if key.startswith(_GIT_KEPT) or not key.startswith("GIT_")}
    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": SECONDS, "check": True}
    try:
        done = subprocess.run(command, cwd=folder, env=known, **options)
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip()
        raise RelampError(f"sidecar: {' '.join(command)} failed in {folder}: {said}") from error
    return str(done.stdout)
