"""The command that makes a target again, whatever was in files and on the command line when it was made."""

import json
import os.path
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from relamp.errors import RelampError
from relamp.runtime.provenance import TARGET
from relamp.study.config import load_config

# Where Snakemake looks by itself, in this order.
_FOUND_ALONE = ("Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile")


def command(given: Mapping[str, Any], presets: Path, snakefile: Path) -> list[str]:
    """Return the words of the command that makes `TARGET`: the preset, and each entry that changes anything.

    Args:
        given: entries of config.yaml, of further files and of the command line, merged; all of them become entries of
            the command line, so that no file needs to be kept. User names and passwords of addresses are left out.
        presets: folder of the presets.
        snakefile: the main one; it is named where Snakemake would not find it.

    Raises:
        RelampError: as `load_config`.
    """
    config = load_config(given, presets)
    needed = {**given, "preset": config.preset}
    for name in given.keys() - {"preset"}:
        fewer = {key: value for key, value in needed.items() if key != name}
        try:
            idle = load_config(fewer, presets) == config
        except RelampError:  # another entry needs this one, as data sets need `own`
            idle = False
        needed = fewer if idle else needed
    found = next((path for path in map(Path, _FOUND_ALONE) if path.is_file()), None)
    elsewhere = [] if found and found.samefile(snakefile) else ["--snakefile", os.path.relpath(snakefile)]
    entries = [f"{name}={_spelt(needed[name])}" for name in sorted(needed, key=lambda name: (name != "preset", name))]
    return ["snakemake", "--cores", "all", *elsewhere, TARGET, "--config", *entries]


def _spelt(value: Any) -> str:
    """Return a value as Snakemake reads it: plain words as they are, anything else as JSON, which is YAML."""
    plain = _plain(value)
    if isinstance(plain, str) and re.fullmatch(r"[A-Za-z][\w.-]*", plain):
        return plain
    text = json.dumps(plain, ensure_ascii=False)
    # Of a value that begins or ends with quotes Snakemake strips them, but not behind a blank.
    text = f" {text} " if isinstance(plain, str) else text
    return re.sub(r'(?<=://)[^/@\s"]*@', "", text)


def _plain(value: Any) -> Any:
    """Return numbers as such, which arrive from the command line as words: so a command stays the same."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    with suppress(ValueError, RecursionError):
        if isinstance(value, str) and isinstance(number := json.loads(value), bool | int | float | None):
            return number
    return value
