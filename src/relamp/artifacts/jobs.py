"""The jobs that make figures and tables of stored rows, each with its sidecar."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from relamp.render.data_table import data_page, data_rows
from relamp.render.drawn import save_drawn
from relamp.render.sidecar import write_sidecar
from relamp.runtime.files import read_json, write_csv, write_text
from relamp.runtime.job import named


def draw(
    draw: str,
    options: Mapping[str, Any],
    output: Path,
    command: str,
    rows: Sequence[Path] = (),
    draws: Sequence[Path] = (),
    data: Path | None = None,
    mixed: Path | None = None,
) -> None:
    """Write a figure as png, pdf and svg, its numbers as csv and its sidecar as json.

    Args:
        draw: the drawing, "module:function"; it takes `rows`, `draws` and `mixed` as frames and `data` as a path, as
            far as they are given, and the options.
        options: further arguments of the drawing.
        output: the picture; the other files lie beside it.
        command: what makes it again.
        rows, draws: files of rows, read as one frame each.
        data: packed data.
        mixed: a file of mixing weights.
    """
    given: dict[str, Any] = {"rows": read_rows(rows)} if rows else {}
    given |= {"draws": read_rows(draws)} if draws else {}
    given |= {"data": data} if data else {}
    given |= {"mixed": pd.read_csv(mixed)} if mixed else {}
    inputs = [*rows, *draws, *(path for path in (data, mixed) if path)]
    save_drawn(named(draw)(**given, **options), output.with_suffix(""), inputs, command)


def guard_table(reports: Sequence[Path], output: Path, command: str) -> None:
    """Write the data guard's findings on all data sets as one table."""
    rows = data_rows([read_json(path) for path in reports])
    write_csv(output.with_suffix(".csv"), rows)
    write_text(output, data_page(rows))
    write_sidecar(output.with_suffix(".json"), reports, command)


def read_rows(paths: Sequence[Path]) -> pd.DataFrame:
    """Return the rows of several CSV files as one frame."""
    return pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)
