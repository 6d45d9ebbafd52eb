"""Draw accuracy against sample size and output dimension."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from relamp.data.rows import read_rows
from relamp.judge.runs import all_runs, cells
from relamp.render.drawn import save_drawn
from relamp.render.sample_sizes import sample_size_figure


def draw_sample_sizes(rows: Sequence[Path], settings: Sequence[tuple[int, int]], stem: Path, command: str) -> None:
    """Write M-Mix's Fig. 2 with the relation of Theorem 3.2 as pdf, svg, png, csv and json.

    Args:
        rows: probe rows, a file for each point of the grid.
        settings: sample size and dimension of each file.
        stem: the outputs' path without suffix.
        command: what makes it again, for the sidecar.
    """
    parts = []
    for path, (samples, dimension) in zip(rows, settings, strict=True):
        found = cells(all_runs({"probe": read_rows([path])}))
        # The branches by themselves are Table 6's.
        found = found[(found["metric"] == "accuracy") & ~found["method"].str.contains("-branch-")]
        parts.append(found.assign(samples=samples, dimension=dimension))
    save_drawn(sample_size_figure(pd.concat(parts, ignore_index=True)), stem, rows, command)
