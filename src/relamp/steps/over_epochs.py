"""Draw accuracy over the epochs of pre-training."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from relamp.render.drawn import save_drawn
from relamp.render.over_epochs import epoch_cells, over_epochs_figure


def draw_over_epochs(rows: Sequence[Path], settings: Sequence[tuple[int, int]], stem: Path, command: str) -> None:
    """Write M-Mix's Fig. 3 as pdf, svg, png, csv and json.

    Args:
        rows: probe rows of all checkpoints, a file for each point of the grid.
        settings: sample size and dimension of each file.
        stem: the outputs' path without suffix.
        command: what makes it again, for the sidecar.
    """
    parts = [
        pd.read_csv(path).assign(samples=samples, dimension=dimension)
        for path, (samples, dimension) in zip(rows, settings, strict=True)
    ]
    save_drawn(over_epochs_figure(epoch_cells(pd.concat(parts, ignore_index=True))), stem, rows, command)
