"""From stored rows to the scores of all protocols, for the artifacts that are made of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from relamp.data.rows import read_by_evaluation
from relamp.judge.runs import all_runs, scores

Fixed = Mapping[str, Mapping[str, str]]  # by evaluation and method, the setting of the tables


def scored(rows: Sequence[Path], fixed: Fixed, asked: Path | None) -> pd.DataFrame:
    """Return the scores (`relamp.judge.runs`) of rows that lie in `rows/<evaluation>/...`; RelampError as there."""
    return scores(all_runs(read_by_evaluation(rows, asked)), fixed)
