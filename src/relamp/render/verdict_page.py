"""The verdicts as one page, and in words: what holds, what does not, and where each number comes from."""

import math
import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from relamp.evaluate.table import EVALUATIONS
from relamp.judge.published import natural, reasons
from relamp.judge.runs import MEASURE
from relamp.judge.words import METRICS
from relamp.render.markup import bounds, page
from relamp.render.style import ordered, short_name
from relamp.runtime.provenance import command_for
from relamp.settings.judging import NOT_RUN, TOO_FEW

_TITLES = {"lamp": "LAMP", "mmix": "M-Mix"}
NOTHING = "Nothing that was run does. Numbers that a paper quotes are no claims of it, and stand in the tables alone."
# From good news to none; style.css gives each a colour, and its word stands beside it.
_WORDS = (
    *("reproduced", "holds", "better", "inconclusive", "undecided", TOO_FEW, "worse", "fails"),
    *("not comparable", NOT_RUN),
)
_FILTERS = ("paper", "table", "method", "data-set", "quoted", "verdict")


def verdict_page(
    cells: pd.DataFrame,
    claims: pd.DataFrame,
    how: Mapping[str, str],
    run: str,
    rows: Mapping[tuple[str, str, str], str],
    pages: Mapping[str, str],
    printed: pd.DataFrame | None = None,
    protocols: Mapping[str, str] | None = None,
    explained: Mapping[str, Sequence[str]] | None = None,
    not_run: pd.DataFrame | None = None,
    covers: Mapping[str, str] | None = None,
) -> str:
    """Return the page of `judge_cells`, `check_claims` and `how_judged` (see `relamp.judge`) of one run or several.

    `printed` are claims about printed numbers (`check_printed`), `protocols` says in words how printed numbers were
    measured, `explained` by table what each method's numbers are made of (`relamp.judge.ladder`), and `not_run` which
    rows relamp cannot run (`load_not_run`); `covers` what intervals cover by evaluation, where it is not what its
    record says. Where numbers come from is said by addresses relative to the page: `rows`
    are, by artifact, method and data set, files of stored rows, and `pages` those of the artifacts that are
    rendered, each with its sidecar beside it. Cells of several runs name theirs in `run`, with its `command`, and in
    `made` what made their rows; pages are then named `run/artifact`.
    """
    lines = [_number(row, rows, pages) for row in _in_paper_order(cells).to_dict("records")]
    filters = {name: list(dict.fromkeys(line["filters"][name] for line in lines)) for name in _FILTERS}
    return page(
        "verdict.html",
        run=run,
        commands={name: command_for(name) for name in cells["artifact"].unique()},
        whose=f"the run {run}" if run else "all recorded runs",
        how=how,
        verdicts=counts(cells["verdict"]),
        outcomes=counts(claims["outcome"]),
        contradictions=contradictions(cells, claims),
        nothing=NOTHING,
        claims=[_claims(paper, claims[claims["paper"] == paper], printed) for paper in claims["paper"].unique()],
        protocols=protocols or {},
        not_run=_not_run(not_run),
        explained=[(table_title(name), lines) for name, lines in _by_table(explained)],
        numbers=lines,
        filters={**filters, "verdict": [word for word in _WORDS if word in filters["verdict"]]},
        tables=[
            _table(name, mine, pages, covers or {})
            for name, mine in _in_paper_order(cells).groupby("artifact", sort=False)
        ],
        paper_name=paper_name,
        about=about,
        published_value=published_value,
        notes_of=notes_of,
    )


def verdict_markdown(
    cells: pd.DataFrame,
    claims: pd.DataFrame,
    how: Mapping[str, str],
    run: str,
    explained: Mapping[str, Sequence[str]] | None = None,
    not_run: pd.DataFrame | None = None,
) -> str:
    """Return the same without links, for a terminal or a repository: what was run, and all claims."""
    measured = cells[cells["verdict"] != NOT_RUN]
    lines = [f"# Does it hold? Verdicts of the run {run}", ""]
    lines += [*(f"- **{topic}**: {words}" for topic, words in how.items()), "", "## Claims", ""]
    lines += ["| outcome | claim | where | about | coverage | evidence |", "| --- | --- | --- | --- | --- | --- |"]
    for claim in claims.to_dict("records"):
        parts = [claim["outcome"], f"“{claim['quote']}”", f"{paper_name(claim['paper'])}, {claim['where']}"]
        parts.append(about(claim["about"]))
        lines.append(_line([*parts, claim["coverage"], claim["evidence"]]))
    lines += ["", "## What contradicts the papers", ""]
    lines += [f"- {line}" for line in contradictions(cells, claims)] or [NOTHING]
    lines += ["", "## What explains the numbers", ""] if explained else []
    for name, sentences in _by_table(explained):
        lines += [f"- {table_title(name)}: {sentence}" for sentence in sentences]
    lines += ["", "## Numbers", ""]
    lines += [
        "| verdict | table | method | data set | measured | published | reproduced | interval | seeds | fixed | oracle "
        "| settings | scaled | note |",
        "| --- | --- | --- | --- | --- | ---: | ---: | --- | ---: | ---: | ---: | --- | --- | --- |",
    ]
    for row in measured.to_dict("records"):
        quote = " (quote)" if row["quoted"] else ""
        numbers = [published_value(row) + quote, f"{row['mean']:.2f}", bounds(row), str(row["seeds"])]
        beside = ["" if math.isnan(row[name]) else f"{row[name]:.2f}" for name in ("fixed", "oracle")]
        names = row["artifact"], row["label"], row["dataset"], how_measured(row)
        sizes = row["settings"], row["scaled"]
        lines.append(_line([row["verdict"], *names, *numbers, *beside, *sizes, note_of(row)]))
    lines += ["", f"Not run: {len(cells) - len(measured)} of {len(cells)} published cells of methods that relamp has."]
    if only_printed := _not_run(not_run):
        lines += ["", "## Rows that are only published", "", *(f"- {line}" for line in only_printed)]
    return "\n".join(lines) + "\n"


def contradictions(cells: pd.DataFrame, claims: pd.DataFrame) -> list[str]:
    """Return a plain sentence for each number and claim of the papers' own that this run speaks against.

    A number that a paper quotes is no claim of its own, and is not among them. Numbers of runs that are smaller than
    the paper's come last, and a sentence counts them.
    """
    lines = [
        f"{paper_name(claim['paper'])}, {claim['where']}: “{claim['quote']}” fails on {claim['coverage']} "
        f"({claim['evidence']})."
        for claim in claims[claims["outcome"] == "fails"].to_dict("records")
    ]
    # Read from a file, an empty text is missing; records from before quotes were marked have no such column.
    quoted = cells["quoted"].astype(object).fillna("") if "quoted" in cells else pd.Series("", index=cells.index)
    apart = cells[cells["verdict"].isin(["better", "worse"]) & (quoted == "")]
    # The same cell is printed in several tables, not always with the same number.
    key = ["paper", "method", "dataset", *MEASURE, "published"]
    numbers = apart.drop_duplicates(key).to_dict("records")
    smaller = [row for row in numbers if _text(row.get("scaled"))]
    if smaller:
        lines.append(
            f"Of the numbers that follow ({len(numbers)}) those marked scaled ({len(smaller)}) are of runs that are "
            "smaller than the paper's, which may be why they differ."
        )
    for row in sorted(numbers, key=lambda row: bool(_text(row.get("scaled")))):
        where = f"{row['label']} on {row['dataset']}, {how_measured(row)}"
        what = f"{where}: {paper_name(str(row['paper']))} prints {published_value(row)}, this run finds"
        sized = _text(row.get("scaled")), _text(row.get("settings"))
        sizes = "".join(f"; {words}" for words in (sized[0] and f"scaled: {sized[0]}", sized[1]) if words)
        lines.append(f"{what} {row['mean']:.2f}, {row['verdict']} ({bounds(row)}{sizes}).")
    return lines


def about(word: str) -> str:
    """Return what a claim is about."""
    return {"printed": "printed numbers", "measured": "what is measured"}.get(word, word)


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
    """Return a published value and its spread as printed, zeros at the end too; fractions are in per cent."""
    digits = int(row["decimals"])
    return f"{row['published']:.{digits}f}" + ("" if pd.isna(row["spread"]) else f" ± {row['spread']:.{digits}f}")


def note_of(row: Mapping[Hashable, Any]) -> str:
    """Return what would decide a verdict that is open, and what else is to know of it."""
    more = row["further_seeds"]
    open_ = "" if pd.isna(more) else f"{more} further seed{'' if more == 1 else 's'} would decide it"
    return "; ".join(filter(None, (open_, _text(row["note"]))))


def anchor(row: Mapping[Hashable, Any]) -> str:
    """Return the name of a number's line on its page, for links to it."""
    parts = (row["artifact"], row["method"], row["dataset"], row["metric"], row["part"])
    return re.sub(r"[^\w.-]", "-", "-".join(str(part) for part in parts if part))


def notes_of(row: Mapping[Hashable, Any]) -> list[str]:
    """Return the remarks on a number, a line each."""
    scaled, otherwise = row["scaled"], row.get("otherwise")
    told = [f"scaled: {scaled}" if scaled else "", note_of(row), f"at the same size {otherwise}" if otherwise else ""]
    return [words for words in (row["settings"], *told) if words]


def _text(value: Any) -> str:
    """Return a text; one read from a file is missing where it is empty."""
    return value if isinstance(value, str) else ""


def counts(words: "pd.Series[str]") -> list[tuple[str, int]]:
    """Return how many there are of each verdict or outcome, good news first."""
    found = words.value_counts()
    return [(word, int(found[word])) for word in _WORDS if word in found]


def _claims(paper: str, claims: pd.DataFrame, printed: pd.DataFrame | None) -> dict[str, Any]:
    run = claims["outcome"] != NOT_RUN
    of_paper = [] if printed is None else printed[printed["paper"] == paper].to_dict("records")
    parts = {"run": claims[run].to_dict("records"), "not_run": claims[~run].to_dict("records"), "printed": of_paper}
    return {"name": paper_name(paper), **parts, "agree": sum(claim["outcome"] == "holds" for claim in of_paper)}


def _in_paper_order(cells: pd.DataFrame) -> pd.DataFrame:
    """Return cells by table, Table 10 after Table 9, methods as they are printed, data sets in their order."""
    place = {name: number for number, name in enumerate(sorted(cells["artifact"].unique(), key=natural))}
    methods = {name: number for number, name in enumerate(cells["label"].unique())}
    datasets = {name: number for number, name in enumerate(ordered(cells["dataset"]))}
    keys = {"artifact": place, "label": methods, "dataset": datasets}
    return cells.sort_values(list(keys), key=lambda column: column.map(keys[str(column.name)]), kind="stable")


def table_title(artifact: str) -> str:
    """Return a table or figure as a paper numbers it, with the paper, from the name of its target."""
    paper, number = artifact.partition("_")[::2]
    return f"{paper_name(paper)}, {number.replace('table', 'Table ').replace('fig', 'Fig. ')}"


def _not_run(rows: pd.DataFrame | None) -> list[str]:
    """Say which printed rows of which tables relamp does not run and why, a line for each reason."""
    found = {} if rows is None else reasons(rows)
    return [
        "; ".join(f"{labels} ({table_title(artifact)})" for artifact, labels in of.items()) + f": {reason}"
        for reason, of in found.items()
    ]


def _by_table(explained: Mapping[str, Sequence[str]] | None) -> list[tuple[str, Sequence[str]]]:
    """Return sentences by table, Table 10 after Table 9."""
    return sorted((explained or {}).items(), key=lambda item: natural(item[0]))


def _number(
    row: Mapping[Hashable, Any], rows: Mapping[tuple[str, str, str], str], pages: Mapping[str, str]
) -> dict[str, Any]:
    """Return what a line of the page shows of a number."""
    paper, table = paper_name(row["paper"]), table_title(row["artifact"])
    dataset = short_name(row["dataset"])
    words = (paper, table, row["label"], dataset, "quote" if row["quoted"] else "own number", row["verdict"])
    links = _links_of(row, rows, pages)
    return {
        "row": row,
        "id": anchor(row),
        "filters": dict(zip(_FILTERS, words, strict=True)),
        "rank": _WORDS.index(row["verdict"]),
        "table": table,
        "place": natural(row["artifact"]),
        "dataset": dataset,
        "measured": metric_name(row["metric"], row["part"]),
        "links": links,
        "again": _again(row, links),
    }


def _table(name: Hashable, cells: pd.DataFrame, pages: Mapping[str, str], covers: Mapping[str, str]) -> dict[str, str]:
    """Say by which evaluations a table is judged, and what their intervals cover."""
    sentences = []
    for evaluation, part in cells.groupby("evaluation", sort=False):
        if how := EVALUATIONS.get(str(evaluation)):
            fractions = " Shown in per cent; the paper prints fractions." if how.fractions else ""
            where = ", ".join(short_name(dataset) for dataset in ordered(part["dataset"]))
            over = covers.get(how.name, how.covers)
            sentence = f"{how.title} ({where}); the interval is over {over}.{fractions}"
            sentences.append(sentence[0].upper() + sentence[1:])
    return {"title": table_title(str(name)), "page": pages.get(str(name), ""), "about": " ".join(sentences)}


def _links_of(
    row: Mapping[Hashable, Any], rows: Mapping[tuple[str, str, str], str], pages: Mapping[str, str]
) -> dict[str, str]:
    """Return where a cell's number comes from."""
    table = pages.get("/".join(filter(None, (row.get("run"), row["artifact"]))), "")
    sidecar = table and f"{table.removesuffix('.html')}.json"
    stored = rows.get((row["artifact"], row["method"], row["dataset"]))
    return {what: place for what, place in (("rows", stored), ("table", table), ("sidecar", sidecar)) if place}


def _again(row: Mapping[Hashable, Any], links: Mapping[str, str]) -> str:
    """Return the command that makes the rows of a recorded run's number again; none where the run is not named."""
    return f"{row['command']} -- results/{links['rows']}" if row.get("run") and "rows" in links else ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
