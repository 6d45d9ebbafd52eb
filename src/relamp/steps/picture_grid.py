"""Draw which images were mixed into which."""

from pathlib import Path

import pandas as pd

from relamp.data.images import PackedImages
from relamp.render.drawn import save_drawn
from relamp.render.picture_grid import picture_grid


def draw_picture_grid(
    data_path: Path, mixed: Path, stem: Path, command: str, anchors: int = 4, partners: int = 7, skip: int = 0
) -> None:
    """Write the picture grid of one run (M-Mix Fig. 4 and 5) as pdf, svg, png, csv and json.

    Args:
        data_path: packed images.
        mixed: `mixed.csv` of the run.
        stem: the outputs' path without suffix.
        command: what makes it again, for the sidecar.
        anchors: rows of the grid.
        partners: images a row, those of the largest weights.
        skip: anchors that another figure shows.
    """
    drawn = picture_grid(PackedImages.load(data_path), pd.read_csv(mixed), anchors, partners, skip)
    save_drawn(drawn, stem, [data_path, mixed], command)
