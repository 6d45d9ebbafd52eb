"""The end of a run: what came of it, which page to open, and the published numbers beside the reproduced ones.

`python -m relamp.tools.summary [KEY=VALUE ...]` prints it for the preset that config.yaml, or an entry, names;
`make reproduce` ends with it.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console

from relamp.judge.words import counted
from relamp.render.tables import PUBLISHED, numbers_in_common
from relamp.study.config import configured
from relamp.tools.compare import one_line
from relamp.tools.overrides import entries

RECORDED = Path("reproduction")


def print_summary(preset: str, console: Console) -> None:
    """Print what came of a preset: verdicts, claims, what differs from the recorded run, places, and shared numbers."""
    results, figures = Path("results") / preset, Path("figures") / preset
    parts = [pd.read_csv(path) for path in sorted((results / "tables").glob("lamp_table*.csv"))]
    if parts:
        # Table 3 repeats rows of Table 1; the paper prints them alike.
        rows = pd.concat(parts, ignore_index=True).drop_duplicates(["source", "method", "dataset"])
        console.print(numbers_in_common(rows, f"{PUBLISHED} / reproduced here (preset {preset})"))
    found, recorded = _outcomes(results), RECORDED / preset
    if recorded.is_dir() and (results / "verdict.csv").exists():
        found.append(("compared", one_line(results, recorded)))
    for what, text in found:
        if text:
            console.print(f"{what:<8} {text}", highlight=False, soft_wrap=True)
    first = results / "index.html"
    report = first if first.exists() else results / "report.html"
    for what, place in (("figures", figures), ("tables", results / "tables"), ("open", report)):
        state = "" if place.exists() else "  (not made yet)"
        console.print(f"{what:<8} {place}{state}", highlight=False, soft_wrap=True)


def _outcomes(results: Path) -> list[tuple[str, str]]:
    """Return how many numbers have each verdict, and how many claims each outcome."""
    found = []
    for what, file, column in (("numbers", "verdict.csv", "verdict"), ("claims", "claims.csv", "outcome")):
        if (results / file).exists():
            found.append((what, counted(pd.read_csv(results / file, keep_default_na=False)[column])))
    return found


def main(given: Sequence[str]) -> None:
    """Print it for the run that entries KEY=VALUE name, or else config.yaml."""
    print_summary(configured(entries(given)).name, Console())


if __name__ == "__main__":
    main(sys.argv[1:])
