"""Render M-Mix's tables from stored rows."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from relamp.data.rows import read_by_evaluation
from relamp.judge.published import SPLITS, load_published
from relamp.judge.runs import CELLS, all_runs, cells
from relamp.render.sidecar import write_sidecar
from relamp.render.tables import comparison_table


def render_mmix_table(
    rows: Sequence[Path], published: Path, title: str, methods: Sequence[str], stem: Path, command: str
) -> None:
    """Write one of M-Mix's tables: published rows beside those of this run.

    Args:
        rows: files of stored rows.
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
    found = cells(all_runs(read_by_evaluation(rows))) if rows else pd.DataFrame(columns=CELLS)
    found = found.rename(columns={"part": "protocol"})
    shown = list(dict.fromkeys([*printed["method"], *methods]))
    found = found[found["method"].isin(shown)]
    several = printed.groupby("dataset")[["metric"]].nunique().max().item() > 1 or "protocol" in printed
    if several:
        printed, found = _apart(printed), _apart(found)
    known = set(printed["method"]) | set(found["method"])
    table = comparison_table(printed, found, title, methods=[name for name in shown if name in known])
    table.write(stem)
    write_sidecar(stem.with_suffix(".json"), [published, *rows], command)


def _apart(cells: pd.DataFrame) -> pd.DataFrame:
    """Make each metric of a data set a column of its own."""
    names = cells["dataset"] + " " + cells["metric"].map(_METRICS).fillna(cells["metric"])
    if "protocol" in cells:
        names = names + " " + cells["protocol"].fillna("")
    return cells.assign(dataset=names.str.strip())


_METRICS = {"nmi": "NMI", "ari": "ARI"}
