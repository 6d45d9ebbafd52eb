"""Write what the jobs of a run used of what they asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relamp.errors import RelampError
from relamp.render.efficiency import efficiency_page
from relamp.runtime.files import write_csv, write_text
from relamp.study.efficiency import efficiency
from relamp.tools.cost import plan


def write_efficiency(snakefile: str, config: Mapping[str, Any], targets: Sequence[str], cores: int, stem: Path) -> None:
    """Write the page and its numbers, from a plan of the targets and the benchmark rows that their jobs left.

    Args:
        snakefile: of the workflow.
        config: its configuration.
        targets: whose jobs are looked at.
        cores: most CPUs that a job gets.
        stem: the outputs' path without suffix.

    Raises:
        RelampError: if the workflow cannot be planned, or no job has left a row.
    """
    rows = efficiency(plan(snakefile, config, targets, cores), Path())
    if rows.empty:
        raise RelampError(f"{stem}: no job has left a benchmark row; run {', '.join(targets)} first")
    write_csv(stem.with_suffix(".csv"), rows)
    write_text(stem.with_suffix(".html"), efficiency_page(rows))
