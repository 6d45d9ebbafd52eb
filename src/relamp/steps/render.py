"""Render figures and tables from stored rows, each with its sidecar."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from relamp.data.rows import read_by_evaluation, with_parameters
from relamp.judge.published import load_published
from relamp.judge.runs import all_runs, cells
from relamp.render.data_table import data_page, data_rows
from relamp.render.drawn import save_drawn
from relamp.render.figures import Parameter, damage_figure, sweep_figure
from relamp.render.sidecar import write_sidecar
from relamp.render.tables import comparison_table
from relamp.runtime.files import read_json, write_csv, write_text


def read_rows(paths: Sequence[Path]) -> pd.DataFrame:
    """Return the rows of several CSV files as one frame."""
    return pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)


def render_damage(rows: Sequence[Path], stem: Path, command: str) -> None:
    """Draw LAMP's Fig. 2 from the damage rows of all data sets."""
    save_drawn(damage_figure(read_rows(rows)), stem, rows, command)


def render_sweep(
    rows: Sequence[Path], references: Sequence[Path], parameter: Parameter, stem: Path, command: str
) -> None:
    """Draw LAMP's Fig. 4 or 5 from the SVM rows of one grid and of the controls."""
    lines = _cells(references) if references else None
    save_drawn(sweep_figure(_cells(rows), parameter, lines), stem, [*rows, *references], command)


def render_table(
    rows: Sequence[Path],
    splits: Sequence[Path],
    published: Path,
    title: str,
    methods: Sequence[str] | None,
    transposed: bool,
    stem: Path,
    command: str,
) -> None:
    """Write one of LAMP's tables: published rows beside those computed from the stored rows.

    The sidecar names the folds or splits too, in which the rows were scored.
    """
    printed = load_published(published.parent, published.stem)
    table = comparison_table(printed, _cells(rows), title, methods=methods, transposed=transposed)
    table.write(stem)
    write_sidecar(stem.with_suffix(".json"), [published, *splits, *rows], command)


def _cells(rows: Sequence[Path]) -> pd.DataFrame:
    return with_parameters(cells(all_runs(read_by_evaluation(rows))))


def render_data(reports: Sequence[Path], stem: Path, command: str) -> None:
    """Write the data guard's findings on all data sets as one table."""
    rows = data_rows([read_json(path) for path in reports])
    write_csv(stem.with_suffix(".csv"), rows)
    write_text(stem.with_suffix(".html"), data_page(rows))
    write_sidecar(stem.with_suffix(".json"), reports, command)
