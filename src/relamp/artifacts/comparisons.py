"""Who beats whom, what choosing on test scores adds, and one table of all methods: each from its own rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.data.rows import read_by_evaluation
from relamp.errors import RelampError
from relamp.judge.comparison import Comparison, compare_on_dataset, compare_over_datasets
from relamp.judge.intervals import cell_intervals
from relamp.judge.ranks import rank_methods
from relamp.judge.runs import all_runs, judged_scores, leakage_gaps, scores
from relamp.render.comparisons import comparisons_page
from relamp.render.critical_difference import critical_difference_figure
from relamp.render.cross_table import cross_rows, write_cross_table
from relamp.render.drawn import save_drawn
from relamp.render.leakage import leakage_figure, write_leakage_table
from relamp.render.sidecar import write_sidecar
from relamp.runtime.files import write_csv, write_text
from relamp.settings.judging import Judging

Fixed = Mapping[str, Mapping[str, str]]  # by evaluation and method, the setting of the tables
_SEED = 0  # of the draws from a posterior


def leakage(rows: Sequence[Path], fixed: Fixed, figure: Path, table: Path, command: str) -> None:
    """Draw and tabulate the gap between oracle and nested scores.

    Args:
        rows: stored rows of evaluations that choose, in `rows/<evaluation>/...`.
        fixed: see `relamp.judge.runs.scores`.
        figure: one of the figure's files; the others lie beside it.
        table: one of the table's files (`.csv`, `.md`, `.html`).
        command: what makes them.
    """
    gaps = leakage_gaps(scores(all_runs(read_by_evaluation(rows)), fixed))
    write_leakage_table(gaps, table.with_suffix(""))
    save_drawn(leakage_figure(gaps), figure.with_suffix(""), rows, command)


def compare_methods(
    rows: Sequence[Path], fixed: Fixed, judging: Mapping[str, Any], figure: Path, table: Path, command: str
) -> None:
    """Compare all pairs of methods on each data set and over all, and draw their average ranks.

    Args:
        rows: stored rows of one evaluation, on data sets that all methods share: ranks take no other.
        fixed: see `relamp.judge.runs.scores`.
        judging: see `relamp.settings.judging.Judging`.
        figure, table, command: as in `leakage`.
    """
    chosen = Judging.model_validate(judging)
    found = judged_scores(scores(all_runs(read_by_evaluation(rows)), fixed), chosen.protocol)
    compared = pd.DataFrame([_flat(comparison) for comparison in _comparisons(found, chosen)])
    if compared.empty:
        raise RelampError(f"{table}: no two methods have a score on one data set; evaluate two on one at least")
    write_csv(table.with_suffix(".csv"), compared)
    write_text(table.with_suffix(".html"), comparisons_page(compared, chosen.rope))
    ranking = rank_methods(cell_intervals(found, chosen.confidence))
    save_drawn(critical_difference_figure(ranking), figure.with_suffix(""), rows, command)


def cross_table(rows: Sequence[Path], fixed: Fixed, output: Path, command: str) -> None:
    """Write one table of all methods on all data sets, a block per evaluation.

    Args:
        rows: stored rows, in `rows/<evaluation>/...`.
        fixed: see `relamp.judge.runs.scores`.
        output: one of the table's files; the others lie beside it.
        command: what makes them.
    """
    found = scores(all_runs(read_by_evaluation(rows)), fixed)
    found = found[found["protocol"] == "fixed"]
    cells = cell_intervals(found, by=["evaluation", "method", "dataset"])
    write_cross_table(cross_rows(cells), output.with_suffix(""))
    write_sidecar(output.with_suffix(".json"), rows, command)


def _comparisons(found: pd.DataFrame, judging: Judging) -> list[Comparison]:
    """Compare each pair once, on each data set that both have, and over these if there are several."""
    made = []
    datasets: dict[str, set[str]] = {str(name): set(rows["dataset"]) for name, rows in found.groupby("method")}
    for method, rival in combinations(sorted(datasets), 2):
        shared = sorted(datasets[method] & datasets[rival])
        made += [
            compare_on_dataset(found, method, rival, dataset, judging.rope, judging.confidence) for dataset in shared
        ]
        if len(shared) > 1:
            made.append(compare_over_datasets(found, method, rival, judging.rope, _SEED, judging.confidence))
    return made


def _flat(comparison: Comparison) -> dict[str, Any]:
    return {**asdict(comparison), "datasets": " ".join(comparison.datasets)}
