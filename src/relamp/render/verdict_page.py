"""The verdicts as one page: what holds, what does not, and where each number comes from."""

import html
import math
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from relamp.evaluate.table import EVALUATIONS
from relamp.render.style import ordered, short_name
from relamp.render.verdict_words import contradictions, metric_name, note_of, paper_name, published_value

__all__ = ["Links", "contradictions", "verdict_page"]

# Green, amber, red and grey, each with its word: colour alone tells nothing to one reader in twelve.
_COLOURS = {
    "reproduced": "#cfe8cf",
    "holds": "#cfe8cf",
    "better": "#d6e6f5",
    "inconclusive": "#fbe7b5",
    "undecided": "#fbe7b5",
    "worse": "#f6c9c4",
    "fails": "#f6c9c4",
    "not run": "#e6e6e6",
}

_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1a1a; margin: 1.5rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; }
h3 { font-size: 1.05rem; margin-top: 1.5rem; }
p, li { max-width: 62rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .5rem; border: 1px solid #fff; text-align: left; vertical-align: top; }
th { background: #f3f3f3; white-space: nowrap; }
small { color: #333; }
td { max-width: 12rem; } .claims td { max-width: none; }
.claims td { white-space: normal; }
.evidence { min-width: 26rem; max-width: 40rem; }
details { font-size: 12px; }
summary { cursor: pointer; color: #333; }
.count { display: inline-block; padding: .2rem .6rem; margin: 0 .4rem .4rem 0; border-radius: .3rem; }
"""


@dataclass(frozen=True)
class Links:
    """Where the page's numbers come from, as addresses relative to the page.

    Attributes:
        rows: by artifact, method and data set, the file of stored rows.
        pages, sidecars: by artifact; none for an artifact that is not rendered.
    """

    rows: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    sidecars: Mapping[str, str] = field(default_factory=dict)


def verdict_page(
    cells: pd.DataFrame,
    claims: pd.DataFrame,
    how: Mapping[str, str],
    preset: str,
    links: Links,
    further: Sequence[tuple[str, str]] = (),
) -> str:
    """Return the page.

    Args:
        cells: see `relamp.judge.verdict.judge_cells`.
        claims: see `relamp.judge.claims.check_claims`.
        how: in words, by topic, how was judged.
        preset: what was run.
        links: where the numbers come from.
        further: headings and HTML of further parts, below.
    """
    parts = [
        f"<h1>Does it hold? Verdicts of the preset {html.escape(preset)}</h1>",
        f"<p>{_counts(cells['verdict'])}</p>",
        _list([f"{topic}: {words}" for topic, words in how.items()]),
        "<h2>What contradicts the papers</h2>",
        _list(contradictions(cells, claims)),
        "<h2>Claims</h2>",
        f"<p>{_counts(claims['outcome'])}</p>",
        *(_claims_of(paper, claims[claims["paper"] == paper]) for paper in claims["paper"].unique()),
        *(_numbers(paper, cells[cells["paper"] == paper], links) for paper in sorted(cells["paper"].unique())),
        *(f"<h2>{html.escape(title)}</h2>\n{body}" for title, body in further),
    ]
    head = f'<meta charset="utf-8"><title>relamp: verdicts ({html.escape(preset)})</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en">{head}\n' + "\n".join(parts) + "\n</html>\n"


def _list(lines: Sequence[str]) -> str:
    if not lines:
        return "<p>Nothing that was run does.</p>"
    return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>"


def _claims_of(paper: str, claims: pd.DataFrame) -> str:
    run = claims["outcome"] != "not run"
    head = f"<h3>Claims of {html.escape(paper_name(paper))}</h3>"
    return "\n".join([head, f"<p>{_counts(claims['outcome'])}</p>", _claims(claims[run]), _not_run(claims[~run])])


def _numbers(paper: str, cells: pd.DataFrame, links: Links) -> str:
    """Return a paper's numbers: how many there are of each verdict, and a table for each of its tables."""
    head = f"<h2>Numbers of {html.escape(paper_name(paper))}</h2>\n<p>{_counts(cells['verdict'])}</p>"
    return "\n".join([head, *(_artifact(name, cells[cells["artifact"] == name], links) for name in _artifacts(cells))])


def _not_run(claims: pd.DataFrame) -> str:
    if claims.empty:
        return ""
    return f"<details><summary>{len(claims)} claims that this preset does not run</summary>{_claims(claims)}</details>"


def _artifacts(cells: pd.DataFrame) -> list[str]:
    """Return the artifacts in the order of their numbers: Table 10 comes after Table 9."""
    names = cells["artifact"].unique().tolist()
    return sorted(names, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)])


def _counts(words: "pd.Series[str]") -> str:
    counts = words.value_counts()
    return "".join(
        f'<span class="count" style="background:{colour}">{word}: {counts[word]}</span>'
        for word, colour in _COLOURS.items()
        if word in counts
    )


def _claims(claims: pd.DataFrame) -> str:
    if claims.empty:
        return ""
    head = "".join(f"<th>{name}</th>" for name in ("outcome", "claim", "where", "rests on", "evidence"))
    rows = []
    for _, row in claims.iterrows():
        quote = f"“{html.escape(row['quote'])}”"
        where = html.escape(f"{paper_name(row['paper'])}, {row['where']}")
        evidence = "<br>".join(html.escape(part) for part in row["evidence"].split("; "))
        told = f'<td>{html.escape(row["coverage"])}</td><td class="evidence">{evidence}</td>'
        rows.append(f"<tr>{_coloured(row['outcome'])}<td>{quote}</td><td>{where}</td>{told}</tr>")
    return f'<div class="scroll"><table class="claims"><tr>{head}</tr>\n' + "\n".join(rows) + "\n</table></div>"


def _coloured(word: str) -> str:
    return f'<td style="background:{_COLOURS[word]}"><b>{word}</b></td>'


def _artifact(name: str, cells: pd.DataFrame, links: Links) -> str:
    title = f"{paper_name(cells['paper'].iloc[0])}, {name.partition('_')[2].replace('table', 'Table ')}"
    if (cells["verdict"] == "not run").all():
        methods = ", ".join(cells["label"].unique())
        return f"<h3>{html.escape(title)}</h3>\n<p>Not run: {len(cells)} cells of {html.escape(methods)}.</p>"
    datasets = ordered(cells["dataset"])
    pairs = {d: cells.loc[cells["dataset"] == d, ["metric", "part"]].drop_duplicates() for d in datasets}
    columns = [(d, m, p) for d, of in pairs.items() for m, p in of.itertuples(index=False)]
    # A metric is named only where one data set has several.
    several = len(columns) > len(datasets)
    names = [f"{short_name(d)}, {metric_name(m, p)}" if several else short_name(d) for d, m, p in columns]
    head = "".join(f"<th>{html.escape(text)}</th>" for text in ("method", *names))
    rows = []
    for label, mine in cells.groupby("label", sort=False):
        found = {(row["dataset"], row["metric"], row["part"]): row for row in mine.to_dict("records")}
        tds = [_cell(found[column], links) if column in found else "<td></td>" for column in columns]
        rows.append(f"<tr><th>{html.escape(str(label))}</th>{''.join(tds)}</tr>")
    page = links.pages.get(name)
    more = f'<p><a href="{html.escape(page)}">the table beside the published one</a></p>' if page else ""
    body = "\n".join(rows)
    told = f"<h3>{html.escape(title)}</h3>\n{_told(cells)}{more}"
    return f'{told}<div class="scroll"><table><tr>{head}</tr>\n{body}\n</table></div>'


def _told(cells: pd.DataFrame) -> str:
    """Say by which evaluations a table is judged, and what their intervals cover."""
    parts = []
    for name, part in cells.groupby("evaluation", sort=False):
        if how := EVALUATIONS.get(str(name)):
            fractions = " Shown in per cent; the paper prints fractions." if how.fractions else ""
            where = ", ".join(short_name(dataset) for dataset in ordered(part["dataset"]))
            parts.append(f"{how.title} ({where}); the interval is over {how.covers}.{fractions}")
    return "".join(f"<p>{html.escape(part[0].upper() + part[1:])}</p>" for part in parts)


def _cell(row: Mapping[Hashable, Any], links: Links) -> str:
    colour, published = _COLOURS[row["verdict"]], published_value(row)
    if row["verdict"] == "not run":
        return f'<td style="background:{colour}">not run<br><small>paper {published}</small></td>'
    interval = "" if math.isnan(row["low"]) else f"<br><small>{row['low']:.2f} to {row['high']:.2f}</small>"
    if row["verdict_seeds"] != row["verdict"]:
        interval += f"<br><small>over seeds alone: {row['verdict_seeds']}</small>"
    note = f"<br><small>{html.escape(note_of(row))}</small>" if note_of(row) else ""
    return (
        f'<td style="background:{colour}"><b>{row["verdict"]}</b><br>{row["mean"]:.2f}{interval}'
        f"<br><small>paper {published}</small>{note}{_sources(row, links)}</td>"
    )


def _sources(row: Mapping[Hashable, Any], links: Links) -> str:
    """Say where a cell's number comes from, folded away."""
    artifact = row["artifact"]
    places = {
        "rows": links.rows.get((artifact, row["method"], row["dataset"])),
        "table": links.pages.get(artifact),
        "sidecar": links.sidecars.get(artifact),
    }
    shown = [f'<a href="{html.escape(place)}">{what}</a>' for what, place in places.items() if place]
    if not shown:
        return ""
    spread = (
        f"± {row['std_seeds']:.2f} over {int(row['seeds'])} seeds" if not math.isnan(row["std_seeds"]) else "one seed"
    )
    folds = "" if pd.isna(row["std_folds"]) else f", ± {row['std_folds']:.2f} over folds"
    # What is not rendered has no target either.
    command = f"<br><code>snakemake --cores 2 {html.escape(artifact)}</code>" if artifact in links.pages else ""
    return f"<details><summary>sources</summary>{' · '.join(shown)}<br>{spread}{folds}{command}</details>"
