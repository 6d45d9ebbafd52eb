"""The full state of a training under way, so that a killed job goes on where it was."""

import io
from pathlib import Path
from typing import Any

import torch

from relamp.errors import RelampError
from relamp.runtime.files import whole


def save_state(path: Path, key: str, state: dict[str, Any]) -> None:
    """Write a state (tensors, numbers, strings, nested) whole, marked with the fingerprint it belongs to."""
    # Through memory: torch's own writer turns a full disk into a RuntimeError that says nothing of the disk.
    buffer = io.BytesIO()
    torch.save({"key": key, "state": state}, buffer)
    with whole(path) as beside:
        beside.write_bytes(buffer.getbuffer())


def load_state(path: Path, key: str) -> dict[str, Any] | None:
    """Return the saved state, or None if there is none or it belongs to other settings, data or code.

    Raises:
        RelampError: if the file cannot be read.
    """
    if not path.exists():
        return None
    try:
        # weights_only: a state holds no objects, so a tampered file cannot run code.
        saved = torch.load(path, weights_only=True)
        return saved["state"] if saved["key"] == key else None
    except Exception as error:
        # A damaged file can raise almost anything, and torch's message advises to load it without the safety above.
        kind = type(error).__name__
        raise RelampError(f"{path}: saved training state cannot be read ({kind}); delete it to start over") from error
