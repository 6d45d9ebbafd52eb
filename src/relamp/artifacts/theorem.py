"""LAMP's Theorem 4.1: its figure, and the verdicts with the differences that they rest on."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.data.rows import read_by_evaluation, read_tables
from relamp.judge.runs import all_runs, last_epochs
from relamp.judge.theorem import verdicts
from relamp.render.sidecar import save_drawn
from relamp.render.theorem import theorem_figure, theorem_table
from relamp.settings.judging import Judging


def theorem(
    rows: Sequence[Path],
    swept: Sequence[Path],
    accuracies: Sequence[Path],
    gamma: float,
    judging: Mapping[str, Any],
    figure: Path,
    table: Path,
    command: str,
    asked: Path | None = None,
) -> None:
    """Draw what pruned encoders keep of information, and write the verdicts on Theorem 4.1.

    `rows` are those of `relamp.evaluate.pruned_views` of the tables' runs; `swept` of others of the sweep over gamma,
    and `accuracies` those of the SVM, in `rows/<evaluation>/...`, of all that were swept: both may be none. `gamma` is
    the tables' ratio; `figure` and `table` (`.csv`, `.md`, `.html`) name one of the files each, the others lie beside.
    """
    measured, further = (pd.concat([pd.DataFrame(), *read_tables(files, asked)]) for files in (rows, swept))
    scored = read_by_evaluation(accuracies, asked)
    runs = last_epochs(all_runs(scored)) if scored else pd.DataFrame()
    found = verdicts(measured, further, runs, gamma, Judging.model_validate(judging).confidence)
    theorem_table(found).write(table.with_suffix(""))
    save_drawn(theorem_figure(measured), figure, [*rows, *swept, *accuracies], command)
