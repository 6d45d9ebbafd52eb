"""Render M-Mix's tables and its grid of sample sizes and dimensions from stored rows."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from relamp.judge.mmix_cells import CELLS, cells_of, probe_scores, run_cells
from relamp.judge.published import load_published
from relamp.render.sample_sizes import sample_size_figure
from relamp.render.sidecar import write_sidecar
from relamp.render.style import save
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


def render_sample_sizes(rows: Sequence[Path], settings: Sequence[tuple[int, int]], stem: Path, command: str) -> None:
    """Draw M-Mix's Fig. 2: accuracy against the sample size, a line for each output dimension.

    `settings` are the sample size and dimension of each file of rows.
    """
    parts = []
    for path, (samples, dimension) in zip(rows, settings, strict=True):
        scores = probe_scores(pd.read_csv(path))
        # The branches by themselves are Table 6's.
        cells = run_cells(scores[~scores["method"].str.contains("-branch-")])
        parts.append(cells[cells["metric"] == "accuracy"].assign(samples=samples, dimension=dimension))
    save(*sample_size_figure(pd.concat(parts, ignore_index=True)), stem)
    write_sidecar(stem.with_suffix(".json"), rows, command)


def _apart(cells: pd.DataFrame) -> pd.DataFrame:
    """Make each metric of a data set a column of its own."""
    names = cells["dataset"] + " " + cells["metric"].map(_METRICS).fillna(cells["metric"])
    if "protocol" in cells:
        names = names + " " + cells["protocol"].fillna("")
    return cells.assign(dataset=names.str.strip())


_METRICS = {"nmi": "NMI", "ari": "ARI"}
