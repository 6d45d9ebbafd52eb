"""Draw how hard mixed negatives are: M-Mix's Theorem 3.1 on real embeddings."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from relamp.render.drawn import save_drawn
from relamp.render.hard_negatives import hard_negatives_figure


def draw_hard_negatives(rows: Sequence[Path], draws: Sequence[Path], stem: Path, command: str) -> None:
    """Draw the check of Theorem 3.1 as pdf, svg, png, csv and json.

    Args:
        rows, draws: files of `relamp.evaluate.theorem`, of several methods.
        stem: the outputs' path without suffix.
        command: what makes it again, for the sidecar.
    """
    read = [pd.concat([pd.read_csv(path) for path in paths], ignore_index=True) for paths in (rows, draws)]
    save_drawn(hard_negatives_figure(*read), stem, [*rows, *draws], command)
