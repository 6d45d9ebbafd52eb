"""The published numbers that relamp can run, and the stored rows by which a configuration asks for each."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from relamp.artifacts.base import Table
from relamp.data.registry import originals
from relamp.data.rows import ONE_BRANCH, alone
from relamp.evaluate.table import EVALUATIONS
from relamp.judge.published import PROTOCOLS_FILE, load_protocols, load_published
from relamp.judge.verdict import printed_cells
from relamp.study.plan import Plan, methods_by_evaluation
from relamp.study.studies import Run, Study


class Cell(NamedTuple):
    """A published number that relamp can run.

    Attributes:
        table: its artifact.
        method, label: as the table prints it.
        dataset, metric, part: whose number it is.
        rows: the file with the rows of the tables' setting; empty if the configuration leaves it out. What an honest
            choice looks at besides, the rows of a sweep, is no part of it.
    """

    table: str
    method: str
    label: str
    dataset: str
    metric: str
    part: str
    rows: str


def cells_of(plan: Plan) -> list[Cell]:
    """Return the cells of all tables that print any, in the papers' order, averages and ranks left out.

    Raises RelampError as `load_published` and `printed_cells` do.
    """
    judged = [
        (study, evaluation)
        for study in plan.studies.values()
        for evaluation in (() if study.together else study.protocols)
    ]
    copied = originals({dataset for study, _ in judged for dataset in study.datasets})
    given: dict[tuple[str, str, str, str], str] = {}
    for study, evaluation in judged:
        for (_, dataset, method, part), path in _scored(plan, study, evaluation):
            given.setdefault((evaluation, copied.get(dataset, dataset), method, part), path)
    folder, how = Path(plan.published), ("evaluation", "dataset", "method")
    tables = [made.name for made in plan.known.values() if isinstance(made, Table)]
    printed = pd.concat([load_published(folder, name) for name in tables], ignore_index=True)
    have = pd.DataFrame([key[:3] for key in given], columns=how, dtype=object)
    known = load_protocols(folder / PROTOCOLS_FILE)
    found = printed_cells(printed, have, methods_by_evaluation(), plan.judged_by(), known)
    keys = zip(*(found[name] for name in ("evaluation", "place", "run_as", "part")), strict=True)
    shown = zip(*(found[name] for name in ("artifact", "method", "label", "dataset", "metric", "part")), strict=True)
    return [Cell._make((*said, given.get(key, ""))) for said, key in zip(shown, keys, strict=True)]


def _scored(plan: Plan, study: Study, evaluation: str) -> Iterator[tuple[tuple[str, str, str, str], str]]:
    """Yield evaluation, data set, method and part of what the rows of a study hold, and their file."""
    for dataset, run, path in plan.paths.rows_of(study, evaluation):
        # Of edited graphs there is a number for each size.
        sizes = getattr(study.protocols[evaluation](dataset), "nodes", None)
        parts = [f"n={size}" for size in sizes] if sizes else [""]
        for method, part in product(_methods(study, evaluation, run), parts):
            yield (evaluation, dataset, method, part), path


def _methods(study: Study, evaluation: str, run: Run) -> list[str]:
    """Return a method and those of its branches that are scored alone, beside it."""
    of_branches = EVALUATIONS[evaluation].domain == "nodes" and run.method not in study.controls
    stored = getattr(study.trained_by(run), "branches", ()) if of_branches else ()
    return [run.method, *(alone(run.method, branch) for branch in ONE_BRANCH if branch in stored)]
