"""What explains the numbers of a table: its figure and its table."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relamp.artifacts.scored import Fixed, scored
from relamp.judge import ladder as rungs
from relamp.judge.ladder import Bags, gains
from relamp.judge.published import JudgedBy, load_protocols, load_published
from relamp.judge.verdict import as_run, printed_cells, standing_in
from relamp.render.ladder import ladder_figure, ladder_table
from relamp.render.sidecar import save_drawn
from relamp.render.style import nothing_figure
from relamp.settings.judging import Judging


def ladder(
    rows: Sequence[Path],
    published: Path,
    protocols: Path,
    fixed: Fixed,
    methods: Mapping[str, Sequence[str]],
    judged_by: JudgedBy,
    judging: Mapping[str, Any],
    bags: Bags,
    figure: Path,
    table: Path,
    command: str,
    asked: Path | None = None,
) -> None:
    """Draw and tabulate the rungs of each printed number of a table that was run, from its rows and its controls'.

    `published` are the printed cells and `protocols` how they were measured; `bags` names by domain and method the
    control that sees the same features; the rest is as in `relamp.artifacts.verdict.judge`. `figure` and `table` name
    one of the files each, the others lie beside.
    """
    chosen = Judging.model_validate(judging)
    stored = scored(rows, fixed, asked)
    found, run = standing_in(stored), set(stored["dataset"])
    printed = load_published(published.parent, published.stem)
    cells = printed_cells(printed, found, methods, judged_by, load_protocols(protocols))
    made = as_run(rungs.ladder(cells, found, bags, chosen), run)
    ladder_table(made, gains(made, stored, chosen), chosen).write(table.with_suffix(""))
    inputs = [*rows, published, protocols]
    drawn = ladder_figure(made) if len(made) else nothing_figure(made, "No number of this table was run.")
    save_drawn(drawn, figure, inputs, command)
