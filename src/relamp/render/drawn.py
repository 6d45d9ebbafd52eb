"""A drawn figure, written with its numbers and its sidecar."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from relamp.render.sidecar import write_sidecar
from relamp.render.style import save


def save_drawn(drawn: tuple[Figure, pd.DataFrame], stem: Path, inputs: Sequence[Path], command: str) -> None:
    """Write a figure as pdf, svg and png, its numbers as csv, and as json how it came about.

    Args:
        drawn: the figure and what it plots.
        stem: the outputs' path without suffix.
        inputs: files that it was drawn from.
        command: what makes it again.

    Raises:
        RelampError: if an input is missing.
    """
    save(*drawn, stem)
    write_sidecar(stem.with_suffix(".json"), inputs, command)
