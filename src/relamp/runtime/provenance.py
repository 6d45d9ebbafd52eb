"""What a job is made by: the command that makes its output again, the configuration that it runs with, the machine."""

import hashlib
import os
import platform
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from relamp.runtime.files import json_text, read_json, write_text

# The environment variable that names the configuration's file: it reaches jobs in processes of their own, and changing
# it runs none of them again, as an argument would.
CONFIGURATION = "RELAMP_CONFIGURATION"
TARGET = "{target}"
_CHECKOUT = Path(__file__).resolve().parents[3]


def configuration() -> Path | None:
    """Return the file of the configuration that this process runs with; None if nothing names one."""
    named = os.environ.get(CONFIGURATION)
    return Path(named) if named else None


@contextmanager
def configured_by(file: Path) -> Iterator[None]:
    """Name a file as that of the configuration, within a block."""
    before = os.environ.get(CONFIGURATION)
    os.environ[CONFIGURATION] = str(file)
    try:
        yield
    finally:
        del os.environ[CONFIGURATION]
        if before is not None:
            os.environ[CONFIGURATION] = before


def name_configuration(folder: Path, words: Mapping[str, Any]) -> None:
    """Name the configuration's file below a folder to all jobs, and write it unless it is there.

    `words` are `config`, the effective configuration, and `command`, the words that make `TARGET` again. The file is
    named by its content, so that a later run with other options leaves it as it is.
    """
    text = json_text(words)
    file = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    if not file.is_file():
        write_text(file, text)
    os.environ[CONFIGURATION] = str(file)


def command_for(target: str) -> str:
    """Return the command that makes a target again, as it can be typed; nothing where packed rows do not say theirs."""
    file = configuration()
    words: Sequence[str] = read_json(file)["command"] if file else ["snakemake", "--cores", "all", TARGET]
    return shlex.join(target if word == TARGET else word for word in words)


@cache
def commit(checkout: Path = _CHECKOUT) -> str | None:
    """Return the commit of relamp's checkout, ", altered" where sources differ from it; None where there is none.

    One call of git a process; where git fails it is not known, which no job fails by.
    """
    # A repository above an installed package is another's.
    if not (checkout / ".git").exists():
        return None
    # Git's own variables name another repository, for instance in a hook.
    known = {key: word for key, word in os.environ.items() if not key.startswith("GIT_")}
    words = ["git", "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--", "src", "workflow"]
    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 20, "check": True}
    try:
        said = subprocess.run(words, cwd=checkout, env=known, **options).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"^# branch\.oid ([0-9a-f]+)$", said, flags=re.MULTILINE)
    altered = any(line and not line.startswith("# ") for line in said.splitlines())
    return f"{found[1]}{', altered' if altered else ''}" if found else None


@cache
def cpu_model() -> str:
    """Return the model of the CPU; where the system does not say, its architecture."""
    file = Path("/proc/cpuinfo")
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    found = re.search(r"^(?:model name|Model|cpu model)\s*:\s*(.+)$", text, flags=re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()
