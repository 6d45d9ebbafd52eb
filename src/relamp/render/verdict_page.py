"""The verdicts as one page, and in words: what holds, what does not, and where each number comes from."""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from relamp.evaluate.table import EVALUATIONS
from relamp.judge.published import natural
from relamp.judge.runs import MEASURE
from relamp.render.markup import page
from relamp.render.style import METRICS, ordered, short_name

_TITLES = {"lamp": "LAMP", "mmix": "M-Mix"}
# Green, amber, red and grey, each with its word: colour alone tells nothing to one reader in twelve.
_COLOURS = {
    **{"reproduced": "#cfe8cf", "holds": "#cfe8cf", "better": "#d6e6f5", "inconclusive": "#fbe7b5"},
    **{"undecided": "#fbe7b5", "worse": "#f6c9c4", "fails": "#f6c9c4", "not run": "#e6e6e6"},
}


def verdict_page(
    cells: pd.DataFrame,
    claims: pd.DataFrame,
    how: Mapping[str, str],
    preset: str,
    rows: Mapping[tuple[str, str, str], str],
    pages: Mapping[str, str],
) -> str:
    """Return the page of `judge_cells`, `check_claims` and `how_judged` (see `relamp.judge`) of a preset.

    Where its numbers come from is said by addresses relative to the page: `rows` are, by artifact, method and data set,
    files of stored rows, and `pages` those of the artifacts that are rendered, each with its sidecar beside it.
    """
    return page(
        "verdict.html",
        preset=preset,
        how=how,
        colours=_COLOURS,
        verdicts=_counts(cells["verdict"]),
        outcomes=_counts(claims["outcome"]),
        contradictions=contradictions(cells, claims),
        claims=[_claims(paper, claims[claims["paper"] == paper]) for paper in claims["paper"].unique()],
        numbers=[_numbers(paper, cells[cells["paper"] == paper]) for paper in sorted(cells["paper"].unique())],
        pages=pages,
        links_of=lambda row: _links_of(row, rows, pages),
        paper_name=paper_name,
        published_value=published_value,
        note_of=note_of,
    )


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


def _counts(words: "pd.Series[str]") -> list[tuple[str, int]]:
    counts = words.value_counts()
    return [(word, int(counts[word])) for word in _COLOURS if word in counts]


def _claims(paper: str, claims: pd.DataFrame) -> dict[str, Any]:
    run = claims["outcome"] != "not run"
    parts = {"run": claims[run].to_dict("records"), "not_run": claims[~run].to_dict("records")}
    return {"name": paper_name(paper), "counts": _counts(claims["outcome"]), **parts}


def _numbers(paper: str, cells: pd.DataFrame) -> dict[str, Any]:
    """Return a paper's numbers: how many have each verdict, and its tables, Table 10 after Table 9."""
    names = sorted(cells["artifact"].unique(), key=natural)
    tables = [_table(name, cells[cells["artifact"] == name]) for name in names]
    return {"name": paper_name(paper), "counts": _counts(cells["verdict"]), "tables": tables}


def _table(name: str, cells: pd.DataFrame) -> dict[str, Any]:
    title = f"{paper_name(cells['paper'].iloc[0])}, {name.partition('_')[2].replace('table', 'Table ')}"
    if (cells["verdict"] == "not run").all():
        return {"title": title, "not_run": f"{len(cells)} cells of {', '.join(cells['label'].unique())}"}
    datasets = ordered(cells["dataset"])
    pairs = {d: cells.loc[cells["dataset"] == d, ["metric", "part"]].drop_duplicates() for d in datasets}
    columns = [(d, m, p) for d, of in pairs.items() for m, p in of.itertuples(index=False)]
    # A metric is named only where one data set has several.
    several = len(columns) > len(datasets)
    names = [f"{short_name(d)}, {metric_name(m, p)}" if several else short_name(d) for d, m, p in columns]
    rows = []
    for label, mine in cells.groupby("label", sort=False):
        found = {(row["dataset"], row["metric"], row["part"]): row for row in mine.to_dict("records")}
        rows.append((label, [found.get(column) for column in columns]))
    shown = {"artifact": name, "head": ["method", *names], "rows": rows, "about": _about(cells)}
    return {"title": title, "not_run": "", **shown}


def _about(cells: pd.DataFrame) -> list[str]:
    """Say by which evaluations a table is judged, and what their intervals cover."""
    sentences = []
    for name, part in cells.groupby("evaluation", sort=False):
        if how := EVALUATIONS.get(str(name)):
            fractions = " Shown in per cent; the paper prints fractions." if how.fractions else ""
            where = ", ".join(short_name(dataset) for dataset in ordered(part["dataset"]))
            sentence = f"{how.title} ({where}); the interval is over {how.covers}.{fractions}"
            sentences.append(sentence[0].upper() + sentence[1:])
    return sentences


def _links_of(
    row: Mapping[Hashable, Any], rows: Mapping[tuple[str, str, str], str], pages: Mapping[str, str]
) -> dict[str, str]:
    """Return where a cell's number comes from."""
    table = pages.get(row["artifact"], "")
    sidecar = table and f"{table.removesuffix('.html')}.json"
    stored = rows.get((row["artifact"], row["method"], row["dataset"]))
    return {what: place for what, place in (("rows", stored), ("table", table), ("sidecar", sidecar)) if place}


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
