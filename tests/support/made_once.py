"""What takes long to make, made by one process for all of a test run."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock


@dataclass(frozen=True)
class MadeOnce:
    """Folders below one that all processes of a test run share; the fixture `made_once` gives it."""

    below: Path

    def __call__(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return the folder of that name, which the first process to ask for it fills; what failed is made again."""
        folder, whole = self.below / name, self.below / f"{name}.whole"
        with FileLock(f"{folder}.lock"):
            if not whole.exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                whole.touch()
        return folder
