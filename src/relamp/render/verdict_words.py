"""The verdicts in words: what a number is, how it was measured, and what speaks against the papers."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from relamp.evaluate.table import EVALUATIONS
from relamp.judge.runs import MEASURE
from relamp.render.style import METRICS

_TITLES = {"lamp": "LAMP", "mmix": "M-Mix"}


def verdict_markdown(cells: pd.DataFrame, claims: pd.DataFrame, how: Mapping[str, str], preset: str) -> str:
    """Return the same without links, for a terminal or a repository: what was run, and all claims."""
    run = cells[cells["verdict"] != "not run"]
    lines = [f"# Does it hold? Verdicts of the preset {preset}", ""]
    lines += [*(f"- **{topic}**: {words}" for topic, words in how.items()), "", "## Claims", ""]
    lines += ["| outcome | claim | where | coverage | evidence |", "| --- | --- | --- | --- | --- |"]
    for claim in claims.to_dict("records"):
        parts = [claim["outcome"], f"“{claim['quote']}”", f"{paper_name(claim['paper'])}, {claim['where']}"]
        lines.append(_line([*parts, claim["coverage"], claim["evidence"]]))
    lines += ["", "## What contradicts the papers", ""]
    lines += [f"- {line}" for line in contradictions(cells, claims)] or ["Nothing that was run does."]
    lines += ["", "## Numbers", ""]
    lines += [
        "| verdict | by seeds alone | table | method | data set | measured | published | reproduced | interval | seeds "
        "| note |",
        "| --- | --- | --- | --- | --- | --- | ---: | ---: | --- | ---: | --- |",
    ]
    for row in run.to_dict("records"):
        interval = "" if math.isnan(row["low"]) else f"{row['low']:.2f} to {row['high']:.2f}"
        numbers = [published_value(row), f"{row['mean']:.2f}", interval, str(row["seeds"])]
        words = row["verdict"], row["verdict_seeds"]
        names = row["artifact"], row["label"], row["dataset"], how_measured(row)
        lines.append(_line([*words, *names, *numbers, note_of(row)]))
    lines += ["", f"Not run: {len(cells) - len(run)} of {len(cells)} published cells of methods that relamp has."]
    return "\n".join(lines) + "\n"


def contradictions(cells: pd.DataFrame, claims: pd.DataFrame) -> list[str]:
    """Return a plain sentence for each number and claim that this run speaks against."""
    lines = [
        f"{paper_name(claim['paper'])}, {claim['where']}: “{claim['quote']}” fails on {claim['coverage']} "
        f"({claim['evidence']})."
        for claim in claims[claims["outcome"] == "fails"].to_dict("records")
    ]
    apart = cells[cells["verdict"].isin(["better", "worse"]) | cells["verdict_seeds"].isin(["better", "worse"])]
    # The same cell is printed in several tables, not always with the same number.
    key = ["paper", "method", "dataset", *MEASURE, "published"]
    for row in apart.drop_duplicates(key).to_dict("records"):
        where = f"{row['label']} on {row['dataset']}, {how_measured(row)}"
        what = f"{where}: {paper_name(str(row['paper']))} prints {published_value(row)}, this run finds"
        if row["verdict"] in ("better", "worse"):
            lines.append(f"{what} {row['mean']:.2f}, {row['verdict']} ({row['low']:.2f} to {row['high']:.2f}).")
        else:
            bounds = f"{row['low_seeds']:.2f} to {row['high_seeds']:.2f} over {int(row['seeds'])} seeds"
            lines.append(
                f"{what} {row['mean']:.2f}, {row['verdict_seeds']} ({bounds}); but other data of this size might give "
                f"the published value ({row['low']:.2f} to {row['high']:.2f})."
            )
    return lines


def paper_name(name: str) -> str:
    """Return a paper's name as it is spelt."""
    return _TITLES.get(name, name)


def how_measured(row: Mapping[Hashable, Any]) -> str:
    """Say how a number was measured: the evaluation, the metric, and the part of the data set if there are several."""
    evaluation = EVALUATIONS[row["evaluation"]].title if row["evaluation"] in EVALUATIONS else row["evaluation"]
    return f"{metric_name(row['metric'], row['part'])} by {evaluation}"


def metric_name(metric: str, part: str | float) -> str:
    """Return a metric as it is spelt, with the part of the data set, if it has parts (an empty text is no number)."""
    return METRICS.get(metric, metric) + (f" at {part}" if isinstance(part, str) and part else "")


def published_value(row: Mapping[Hashable, Any]) -> str:
    """Return a published value and its spread as printed, but for fractions, which are in per cent."""
    spread = "" if math.isnan(row["spread"]) else f" ± {row['spread']:g}"
    return f"{row['published']:g}{spread}"


def note_of(row: Mapping[Hashable, Any]) -> str:
    """Return what would decide a verdict that is open, or nothing."""
    if not pd.isna(row["further_seeds"]):
        return f"{row['further_seeds']} further seed{'' if row['further_seeds'] == 1 else 's'} would decide it"
    return str(row["note"])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
