"""What a kept file is made by, in a module of its own so that other processes find it."""

from pathlib import Path
from typing import Any


def write_sum(source: Path, plus: int, output: Path, note: Any = None) -> None:
    """Write a file's number plus another, and leave a trace of the call."""
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(str(int(source.read_text()) + plus))
    with (source.parent / "calls").open("a") as calls:
        calls.write(f"{output.stem}\n")


def write_or_fail(source: Path, plus: int, output: Path) -> None:
    """Write, or fail for a negative number."""
    if plus < 0:
        raise ValueError("negative")
    write_sum(source, plus, output)
