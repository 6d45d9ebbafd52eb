"""Who beats whom, what choosing on test scores adds, and one table of all methods: each from its own rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.artifacts.scored import Fixed, scored
from relamp.judge.comparison import compare_on_dataset, compare_over_datasets
from relamp.judge.runs import judged_scores
from relamp.render import cross_table as shown
from relamp.render.comparisons import comparisons_table
from relamp.render.critical_difference import critical_difference_figure
from relamp.render.leakage import leakage_figure, leakage_table
from relamp.render.sidecar import save_drawn, write_sidecar
from relamp.settings.judging import Judging

_SEED = 0  # of the draws from a posterior


def leakage(
    rows: Sequence[Path], fixed: Fixed, figure: Path, table: Path, command: str, asked: Path | None = None
) -> None:
    """Draw and tabulate the gap between oracle and nested scores.

    `rows` are those of evaluations that choose, in `rows/<evaluation>/...`; `figure` and `table` (`.csv`, `.md`,
    `.html`) name one of the files each, the others lie beside it.
    """
    found = scored(rows, fixed, asked)
    leakage_table(found).write(table.with_suffix(""))
    save_drawn(leakage_figure(found), figure, rows, command)


def compare_methods(
    rows: Sequence[Path],
    fixed: Fixed,
    judging: Mapping[str, Any],
    figure: Path,
    table: Path,
    command: str,
    asked: Path | None = None,
) -> None:
    """Compare all pairs of methods on each data set and over all, and draw their average ranks.

    `rows` are those of one evaluation, on data sets that all methods share: ranks take no other. The rest is as in
    `leakage`.
    """
    chosen = Judging.model_validate(judging)
    found = judged_scores(scored(rows, fixed, asked), chosen.protocol)
    compared = pd.DataFrame(_comparisons(found, chosen))
    comparisons_table(compared, chosen.rope).write(table.with_suffix(""))
    save_drawn(critical_difference_figure(found, chosen.protocol), figure, rows, command)


def cross_table(rows: Sequence[Path], fixed: Fixed, output: Path, command: str, asked: Path | None = None) -> None:
    """Write one table of all methods on all data sets, a block per evaluation, each file of it beside `output`."""
    found = scored(rows, fixed, asked)
    shown.cross_table(found[found["protocol"] == "fixed"]).write(output.with_suffix(""))
    write_sidecar(output, rows, command)


def _comparisons(found: pd.DataFrame, judging: Judging) -> Iterator[dict[str, Any]]:
    """Compare each pair once, on each data set that both have, and over these if there are several."""
    by_method = {str(name): rows for name, rows in found.groupby("method")}
    level = judging.confidence
    for pair in combinations(sorted(by_method), 2):
        one, other = (by_method[name] for name in pair)
        shared = sorted(set(one["dataset"]) & set(other["dataset"]))
        both = pd.concat([one, other])
        compared = [compare_on_dataset(both, *pair, dataset, judging.rope, level) for dataset in shared]
        if len(shared) > 1:
            compared.append(compare_over_datasets(both, *pair, judging.rope, _SEED, level))
        for comparison in compared:
            yield {**asdict(comparison), "datasets": " ".join(comparison.datasets)}
