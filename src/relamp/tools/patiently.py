"""Run a long, silent command, an installation, and say now and then how far it is. Needs nothing but Python.

python -m relamp.tools.patiently WHAT FOLDER COMMAND ...

What the command says itself goes to FOLDER/WHAT.log, and is shown if it fails.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

EVERY_S = 15.0
_SHOWN = 30  # lines of a command that fails
_WIDTH = 70


def run(what: str, folder: Path, command: Sequence[str], every: float = EVERY_S) -> int:
    """Run a command to its end, with a line each `every` seconds: time, size of the folder, what it does.

    Return the command's exit status.
    """
    log = folder / f"{what.replace(' ', '-')}.log"
    process, start = None, time.monotonic()
    with log.open("w", encoding="utf-8") as out:
        try:
            print(f"{what}: {_shown(' '.join(command))} (all it says: {log})", flush=True)
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
            while True:
                try:
                    status = process.wait(every)
                    break
                except subprocess.TimeoutExpired:
                    print(f"{what}: {_so_far(start, folder)}; {_last_line(log)}", flush=True)
        except KeyboardInterrupt:
            if process:
                process.wait()
            return 130
    if status:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        print("\n".join(lines[-_SHOWN:]), file=sys.stderr)
        print(f"{what}: failed with exit status {status} (see {log})", file=sys.stderr)
    else:
        print(f"{what}: done, {_so_far(start, folder)}", flush=True)
    return status


def _so_far(start: float, folder: Path) -> str:
    return f"{time.monotonic() - start:.0f} s, {size_of(folder) / 1e6:,.0f} MB in {folder}"


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder, while others write there."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - of tens of thousands
            except OSError:
                continue  # it was there a moment ago
    return total


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return _shown(lines[-1].strip()) if lines else "begins"


def _shown(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]} ..."


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
