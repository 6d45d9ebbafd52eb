"""Who beats whom, and what choosing on test scores adds: from the scores of all protocols."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.judge.comparison import Comparison, compare_on_dataset, compare_over_datasets
from relamp.judge.evaluations import LINEAR, RBF
from relamp.judge.measured import read_scores
from relamp.render.comparisons import comparisons_table
from relamp.render.critical_difference import critical_difference_figure
from relamp.render.cross_table import cross_table
from relamp.render.leakage import leakage_figure, leakage_table
from relamp.render.sidecar import save_drawn, write_sidecar
from relamp.settings.judging import Judging

_SEED = 0  # of the draws from a posterior


def show_leakage(scores: Path, figure: Path, table: Path, command: str) -> None:
    """Draw and tabulate the gap between oracle and nested scores of LAMP's two experiments.

    `figure` and `table` lack their suffixes.
    """
    found = read_scores(scores)
    found = found[found["kind"].isin(["svm", "finetune"])]
    leakage_table(found).write(table)
    save_drawn(leakage_figure(found), figure, [scores], command)


def compare_methods(scores: Path, judging: Mapping[str, Any], figure: Path, table: Path, command: str) -> None:
    """Compare all pairs of methods on each data set and over all, and draw their average ranks.

    They are those of LAMP's first experiment. `figure` and `table` lack their suffixes.
    """
    chosen = Judging.model_validate(judging)
    found = read_scores(scores)
    # Not those of the cross table: data sets on which not all methods were run could not be ranked on.
    found = found[(found["protocol"] == chosen.protocol) & (found["kind"] == "svm")]
    rows = pd.DataFrame([_flat(comparison) for comparison in _comparisons(found, chosen)])
    comparisons_table(rows, chosen.rope).write(table)
    save_drawn(critical_difference_figure(found, chosen.protocol), figure, [scores], command)


def show_cross_table(scores: Path, stem: Path, command: str) -> None:
    """Write one table of all methods on all data sets of graphs, a block for each of the two SVMs.

    `stem` is the outputs without their suffix. Raises RelampError if neither was run.
    """
    found = read_scores(scores)
    found = found[(found["protocol"] == "fixed") & found["evaluation"].isin([RBF, LINEAR])]
    cross_table(found).write(stem)
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
