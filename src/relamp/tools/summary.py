"""The end of a run: where everything is, and the published numbers beside the reproduced ones.

`python -m relamp.tools.summary` prints it for the preset that config.yaml names; `make reproduce` ends with it.
"""

from pathlib import Path

import pandas as pd
import yaml
from rich.console import Console

from relamp.render.tables import PUBLISHED, numbers_in_common


def print_summary(preset: str, console: Console) -> None:
    """Print the places of the report, figures and tables of a preset, and every number that paper and run share."""
    results, figures = Path("results") / preset, Path("figures") / preset
    for what, place in (("report", results / "report.html"), ("figures", figures), ("tables", results / "tables")):
        state = "" if place.exists() else "  (not made yet)"
        console.print(f"{what:<8} {place}{state}", highlight=False)
    parts = [pd.read_csv(path) for path in sorted((results / "tables").glob("lamp_table*.csv"))]
    if not parts:
        return
    rows = pd.concat(parts, ignore_index=True)
    # Table 3 repeats rows of Table 1; the paper prints them alike.
    rows = rows.drop_duplicates(["source", "method", "dataset"])
    console.print(numbers_in_common(rows, f"{PUBLISHED} / reproduced here (preset {preset})"))


if __name__ == "__main__":
    given = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    print_summary("-".join(filter(None, [given["preset"], given.get("run")])), Console())
