"""How much memory is free for jobs: what the machine has left, or a control group's limit if that is less.

`python -m relamp.tools.memory` prints it in MB, as `--resources mem_mb=` takes it.
"""

from pathlib import Path

import psutil

_ROOT = Path("/sys/fs/cgroup")


def free_mb() -> int:
    """Return the free memory in MB (1e6 bytes)."""
    return min([int(psutil.virtual_memory().available), *_left_in_groups(_ROOT, Path("/proc/self/cgroup"))]) // 10**6


def _left_in_groups(root: Path, membership: Path) -> list[int]:
    """Return what is left, in bytes, below the limit of each control group (version 2) that a process is in."""
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    left = []
    for line in lines:
        number, _, path = line.split(":", 2)
        group = root / path.lstrip("/")
        for folder in [group, *group.parents] if number == "0" else []:
            limit, used = (_number(folder / f"memory.{name}") for name in ("max", "current"))
            if limit is not None and used is not None:
                # What only caches files is given back when it is needed.
                left.append(max(limit - used + _cached(folder / "memory.stat"), 0))
            if folder == root:
                break
    return left


def _number(file: Path) -> int | None:
    text = file.read_text(encoding="utf-8").strip() if file.is_file() else ""
    return int(text) if text.isdecimal() else None  # without a limit it says "max"


def _cached(file: Path) -> int:
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("inactive_file ")), 0)


if __name__ == "__main__":
    print(free_mb())
