"""Who beats whom, and what choosing on test scores adds: from the scores of all protocols."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.errors import RelampError
from relamp.judge.comparison import Comparison, compare_on_dataset, compare_over_datasets
from relamp.judge.evaluations import LINEAR, RBF
from relamp.judge.intervals import cell_intervals
from relamp.judge.measured import read_scores
from relamp.judge.protocols import leakage_gaps
from relamp.judge.ranks import rank_methods
from relamp.render.comparisons import comparisons_page
from relamp.render.critical_difference import critical_difference_figure
from relamp.render.cross_table import cross_rows, write_cross_table
from relamp.render.drawn import save_drawn
from relamp.render.leakage import leakage_figure, write_leakage_table
from relamp.render.sidecar import write_sidecar
from relamp.runtime.files import write_csv, write_text
from relamp.settings.judging import Judging

_SEED = 0  # of the draws from a posterior


def show_leakage(scores: Path, figure: Path, table: Path, command: str) -> None:
    """Draw and tabulate the gap between oracle and nested scores of LAMP's two experiments.

    `figure` and `table` lack their suffixes.
    """
    found = read_scores(scores)
    found = found[found["kind"].isin(["svm", "finetune"])]
    candidates = found[["method", "dataset", "candidates"]].drop_duplicates()
    gaps = leakage_gaps(found, candidates)
    write_leakage_table(gaps, table)
    save_drawn(leakage_figure(gaps), figure, [scores], command)


def compare_methods(scores: Path, judging: Mapping[str, Any], figure: Path, table: Path, command: str) -> None:
    """Compare all pairs of methods on each data set and over all, and draw their average ranks.

    They are those of LAMP's first experiment. `figure` and `table` lack their suffixes.
    """
    chosen = Judging.model_validate(judging)
    found = read_scores(scores)
    # Not those of the cross table: data sets on which not all methods were run could not be ranked on.
    found = found[(found["protocol"] == chosen.protocol) & (found["kind"] == "svm")]
    rows = pd.DataFrame([_flat(comparison) for comparison in _comparisons(found, chosen)])
    if rows.empty:
        raise RelampError(f"{scores}: no two methods have an accuracy on one data set; evaluate two on one at least")
    write_csv(table.with_suffix(".csv"), rows)
    write_text(table.with_suffix(".html"), comparisons_page(rows, chosen.rope))
    cells = cell_intervals(found, chosen.confidence)
    save_drawn(critical_difference_figure(rank_methods(cells)), figure, [scores], command)


def show_cross_table(scores: Path, stem: Path, command: str) -> None:
    """Write one table of all methods on all data sets of graphs, a block for each of the two SVMs.

    `stem` is the outputs without their suffix. Raises RelampError if neither was run.
    """
    found = read_scores(scores)
    found = found[(found["protocol"] == "fixed") & found["evaluation"].isin([RBF, LINEAR])]
    if found.empty:
        raise RelampError(f"{scores}: there is no accuracy of an SVM; evaluate a method on graphs at least")
    cells = [
        cell_intervals(found[found["evaluation"] == name]).assign(evaluation=name)
        for name in (RBF, LINEAR)
        if name in set(found["evaluation"])
    ]
    write_cross_table(cross_rows(pd.concat(cells, ignore_index=True)), stem)
    write_sidecar(stem.with_suffix(".json"), [scores], command)


def _comparisons(scores: pd.DataFrame, judging: Judging) -> list[Comparison]:
    """Compare each pair once, on each data set that both have, and over these if there are several."""
    made = []
    datasets: dict[str, set[str]] = {str(name): set(rows["dataset"]) for name, rows in scores.groupby("method")}
    for method, rival in combinations(sorted(datasets), 2):
        shared = sorted(datasets[method] & datasets[rival])
        made += [
            compare_on_dataset(scores, method, rival, dataset, judging.rope, judging.confidence) for dataset in shared
        ]
        if len(shared) > 1:
            made.append(compare_over_datasets(scores, method, rival, judging.rope, _SEED, judging.confidence))
    return made


def _flat(comparison: Comparison) -> dict[str, Any]:
    return {**asdict(comparison), "datasets": " ".join(comparison.datasets)}
