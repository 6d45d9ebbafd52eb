"""Render M-Mix's tables from stored rows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from relamp.judge.evaluations import SPLITS
from relamp.judge.mmix_cells import CELLS, cells_of
from relamp.judge.published import load_published
from relamp.render.sidecar import write_sidecar
from relamp.render.tables import comparison_table
from relamp.steps.render import read_rows


def render_mmix_table(
    rows: Mapping[str, Sequence[Path]], published: Path, title: str, methods: Sequence[str], stem: Path, command: str
) -> None:
    """Write one of M-Mix's tables: published rows beside those of this run.

    Args:
        rows: files of stored rows by kind, see `relamp.judge.mmix_cells.cells_of`.
        published: the table's printed cells.
        title: first words of the caption.
        methods: what is shown of this run besides the methods that the table prints.
        stem: the outputs without their suffix.
        command: what makes them.
    """
    printed = load_published(published.parent, published.stem)
    if "protocol" in printed and printed["protocol"].isin(SPLITS).all():
        # It describes the data sets, and tells no cells of one apart.
        printed = printed.drop(columns="protocol")
    cells = pd.concat(
        [pd.DataFrame(columns=CELLS), *(cells_of(kind, read_rows(paths)) for kind, paths in rows.items() if paths)],
        ignore_index=True,
    )
    shown = list(dict.fromkeys([*printed["method"], *methods]))
    cells = cells[cells["method"].isin(shown)]
    several = printed.groupby("dataset")[["metric"]].nunique().max().item() > 1 or "protocol" in printed
    if several:
        printed, cells = _apart(printed), _apart(cells)
    known = set(printed["method"]) | set(cells["method"])
    table = comparison_table(printed, cells, title, methods=[name for name in shown if name in known])
    table.write(stem)
    paths = [path for kind in rows.values() for path in kind]
    write_sidecar(stem.with_suffix(".json"), [published, *paths], command)


def _apart(cells: pd.DataFrame) -> pd.DataFrame:
    """Make each metric of a data set a column of its own."""
    names = cells["dataset"] + " " + cells["metric"].map(_METRICS).fillna(cells["metric"])
    if "protocol" in cells:
        names = names + " " + cells["protocol"].fillna("")
    return cells.assign(dataset=names.str.strip())


_METRICS = {"nmi": "NMI", "ari": "ARI"}
