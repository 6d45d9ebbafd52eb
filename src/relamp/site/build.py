"""All recorded runs as one static site, which opens from a file, and as `REPORT.md`, from their rows alone."""

import argparse
import io
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from relamp.artifacts.base import PAPERS
from relamp.errors import RelampError
from relamp.judge.claims import Claim, check_printed, load_claims
from relamp.judge.evidence import Terms
from relamp.judge.published import NOT_RUN_FILE, PROTOCOLS_FILE, load_not_run, load_protocols, load_published, natural
from relamp.judge.words import how_judged
from relamp.render.all_numbers import all_numbers_figure
from relamp.render.markup import bounds, page, text
from relamp.render.shifts import shifts_figure
from relamp.render.style import DPI, in_style
from relamp.render.verdict_page import anchor, counts, paper_name, published_value, table_title, verdict_page
from relamp.runtime.files import whole, write_csv, write_text
from relamp.runtime.home import home
from relamp.runtime.sealed import read_sealed
from relamp.settings.judging import NOT_RUN, Judging
from relamp.site.again import again
from relamp.site.claims import merged_claims, of_method
from relamp.site.findings import Findings, Numbers, load_findings
from relamp.site.glance import lines
from relamp.site.records import Record, effects, merged, open_records, told, what_was_run
from relamp.site.shifts import shifts
from relamp.study.readings import Reading, all_readings

REPRODUCTION, REPORT, SAID = Path("reproduction"), "REPORT.md", "findings.txt"
PICTURES = ("numbers", "shifts")
Draw = Callable[[pd.DataFrame], tuple[Figure, pd.DataFrame]]


def build(reproduction: Path, out: Path) -> None:
    """Write the site below a folder, and `REPORT.md`, `findings.txt` and the picture of all numbers beside the records.

    The folder is replaced as a whole once all of it is made. Raises RelampError if it is there and no earlier site, and
    as `open_records` and `load_findings` do.
    """
    _refuse_work_of_others(out, reproduction)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=out.parent) as place:
        made = Path(place) / "site"
        write(open_records(reproduction, made, out), reproduction, made)
        if out.exists():
            shutil.rmtree(out)
        made.rename(out)


def _refuse_work_of_others(out: Path, reproduction: Path) -> None:
    """Refuse a folder that holds anything but an earlier site: it would be lost."""
    for place in (Path.cwd(), reproduction.resolve()):
        if place.is_relative_to(out.resolve()):
            raise RelampError(f"{out}: holds {place}, and a site replaces its folder; name another")
    site = all((out / page).is_file() for page in ("index.html", "numbers.html"))
    if out.exists() and not site and (not out.is_dir() or any(out.iterdir())):
        raise RelampError(f"{out}: is there and no site of relamp's; name another folder, or remove it")


def write(records: Sequence[Record], reproduction: Path, out: Path) -> None:
    """Write the pages of records that are rendered below `out`, and what is committed beside them."""
    folder, bar = home() / "published", Judging()
    said_by_papers = load_claims(folder / "claims.yaml")
    tables = {path.stem: load_published(folder, path.stem) for path in sorted(folder.glob("*_table*.csv"))}
    terms = Terms(pd.concat(tables.values(), ignore_index=True), bar.margin, bar.confidence)
    cells, claims = merged(records), merged_claims(records, said_by_papers, terms)
    draws: list[Draw] = [all_numbers_figure, partial(shifts_figure, margin=bar.margin)]
    numbers = Numbers(records, cells, claims)
    said = load_findings(reproduction, numbers)
    artifacts = list(_artifacts(records, cells, said))
    what = what_was_run(reproduction / "README.md")
    values: dict[str, Any] = {
        "said": said,
        "glance": [(each, list(lines(each, cells, numbers.records))) for each in said.glance],
        "verdicts": counts(cells["verdict"]),
        "outcomes": counts(claims["outcome"]),
        "ran": int((cells["verdict"] != NOT_RUN).sum()),
        "printed": len(cells),
        "claims": list(_claims(records, claims)),
        "artifacts": artifacts,
        "unsaid": list(_unsaid(effects(records))),
        "runs": [_run(record, what) for record in records],
        "costs": [(made["title"], made["costs"]) for made in artifacts if made["costs"]],
    }
    linked = cells.assign(link=[f"numbers.html#{anchor(row)}" for row in cells.to_dict("records")])
    shown = [linked, shifts(linked)]
    by_paper = [list(_by_paper(of, draw)) for of, draw in zip(shown, draws, strict=True)]
    write_text(out / "index.html", page("site.html", pictures=by_paper[0], shifts=by_paper[1], **values))
    write_text(out / "numbers.html", _numbers(records, cells, claims, tables, said_by_papers))
    write_text(reproduction / REPORT, text("report.md", **values))
    write_text(reproduction / SAID, text("findings.txt", **values))
    for name, of, draw in zip(PICTURES, shown, draws, strict=True):
        figure, plotted = draw(of.drop(columns="link"))
        with in_style(), whole(reproduction / f"{name}.png") as beside:
            figure.savefig(beside, format="png", dpi=DPI, metadata={"Description": "relamp site"})
        # Last bits are a machine's own.
        write_csv(reproduction / f"{name}.csv", plotted.round(4))


def _claims(records: Sequence[Record], claims: pd.DataFrame) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the claims of each paper, with the `size` of the run that tried each beside the paper's, if smaller."""
    for paper, of in claims.groupby("paper", sort=False):
        told = [{str(name): value for name, value in row.items()} for row in of.to_dict("records")]
        yield paper_name(str(paper)), [{**claim, "size": _size(records, claim)} for claim in told]


def _size(records: Sequence[Record], claim: Mapping[str, Any]) -> str:
    """Return the size of a claim's table in each run that tried it: that of the claim's method, or of most numbers.

    Of settings, which few methods have, it is the most frequent that is fewer than the paper's.
    """
    table = re.search(r"Table (\d+)", claim["where"])
    if not (claim["run"] and table):
        return ""
    runs = claim["run"].split(", ")
    sizes: dict[str, list[str]] = {}
    for run in runs:
        cells = _of(records, run).cells
        mine = cells[(cells["artifact"] == f"{claim['paper']}_table{table[1]}") & (cells["verdict"] != NOT_RUN)]
        mine = of_method(mine, claim["method"])
        fewer = mine["settings"][mine["settings"] != ""].mode()
        if size := "; ".join(filter(None, (*mine["scaled"].mode(), *fewer[:1]))):
            sizes.setdefault(size, []).append(run)
    return "; ".join(size if len(runs) == 1 else f"{', '.join(of)}: {size}" for size, of in sizes.items())


def _by_paper(rows: pd.DataFrame, draw: Draw) -> Iterator[tuple[str, str]]:
    """Yield for each paper its picture as SVG, in which each mark leads to its number."""
    for paper in [each for each in PAPERS if each in set(rows["paper"])]:
        figure, _ = draw(rows[rows["paper"] == paper])
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
        # Within a page it needs no head, and takes the width that there is.
        svg = re.sub(
            r'<svg [^>]*?(viewBox="[^"]*")[^>]*>',
            r'<svg \1 xmlns:xlink="http://www.w3.org/1999/xlink" role="img">',
            drawn.getvalue()[drawn.getvalue().index("<svg") :],
            count=1,
        )
        yield paper_name(paper), svg


def _numbers(
    records: Sequence[Record],
    cells: pd.DataFrame,
    claims: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    said_by_papers: Sequence[Claim],
) -> str:
    """Return the page of all numbers and claims, each of the run that it is taken from."""
    folder = home() / "published"
    keys = list(zip(cells["artifact"], cells["method"], cells["dataset"], strict=True))
    rows: dict[tuple[str, str, str], str] = {}
    words: dict[tuple[str, str, str], tuple[str, str]] = {}
    for key, run in zip(keys, cells["run"], strict=True):
        if run and (place := _of(records, run).rows.get(key)):
            record = _of(records, run)
            rows[key] = f"{run}/{place}"
            made = told(read_sealed(record.folder / place)[0].get("made", {}))
            words[key] = again(record.command, record.config, record.today, place), made
    found = [words.get(key, ("", "")) for key in keys]
    cells = cells.assign(command=[command for command, _ in found], made=[made for _, made in found])
    pages = {
        f"{record.name}/{name}": f"{record.name}/tables/{name}.html"
        for record in records
        for name in tables
        if record.has(f"tables/{name}.html")
    }
    not_run = load_not_run(folder / NOT_RUN_FILE, pd.concat(tables.values(), ignore_index=True))
    protocols = {name: each.about for name, each in load_protocols(folder / PROTOCOLS_FILE).items()}
    said = check_printed(said_by_papers, tables)
    # Each number says its own size, and no preset is told.
    how = how_judged(Judging(), "paper")
    return verdict_page(cells, claims, how, "", rows, pages, said, protocols, None, not_run)


def _artifacts(records: Sequence[Record], cells: pd.DataFrame, said: Findings) -> Iterator[dict[str, Any]]:
    """Yield what is told of each figure and table: counts, runs, pictures, what explains it, findings."""
    drawn = {path.stem for record in records for path in record.folder.glob("*/*.*") if _OWN.match(path.stem)}
    names = {*cells["artifact"], *said.artifacts, *drawn}
    for name in sorted(names, key=lambda name: (name.partition("_")[0] not in PAPERS, natural(name))):
        of = cells[cells["artifact"] == name]
        ran = of[of["verdict"] != NOT_RUN]
        there = [r.name for r in records if any(_shown(r, name)) or r.has(f"tables/{name}.html")]
        runs = ran["run"].value_counts().index.tolist() or ([] if len(of) else there)
        first = runs[0] if runs else ""
        yield {
            "name": name,
            "title": _TITLES.get(name) or table_title(name),
            "verdicts": counts(ran["verdict"]),
            "ran": len(ran),
            "printed": len(of),
            "runs": runs,
            "own": _own(ran),
            "pictures": [place for record in records for place in _shown(record, name) if record.name in runs],
            "pages": {run: f"{run}/tables/{name}.html" for run in runs if _of(records, run).has(f"tables/{name}.html")},
            "explained": _of(records, first).steps.get(name, []) if first else [],
            "findings": said.artifacts.get(name, ()),
            "costs": {r.name: r.costs[name] for r in records if r.name in runs and name in r.costs},
        }


_OWN = re.compile(r"(lamp|mmix)_(fig|theorem)")  # of the papers themselves
_TITLES = {"lamp_theorem": "LAMP, Theorem 4.1", "mmix_theorem": "M-Mix, Theorem 3.1", "multiverse": "All readings"}


def _of(records: Sequence[Record], name: str) -> Record:
    return next(record for record in records if record.name == name)


def _shown(record: Record, name: str) -> Iterator[str]:
    """Yield the pictures of an artifact in a record: itself, and what explains it."""
    wanted = [f"figures/{name}.png", f"figures/{name.replace('table', 'ladder')}.png"]
    curves = sorted(record.folder.glob("figures/multiverse_*.png")) if name == "multiverse" else []
    places = [*wanted, *(f"figures/{path.name}" for path in curves)]
    yield from (f"{record.name}/{place}" for place in dict.fromkeys(places) if record.has(place))


def _own(ran: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a paper's own numbers that were run, in lines to read."""
    own = ran[ran["quoted"] == ""]
    return [
        {
            **{name: row[name] for name in ("dataset", "verdict", "run", "scaled", "settings")},
            "method": row["label"],
            "measured": " ".join(filter(None, (row["metric"], row["part"]))),
            "published": published_value(row),
            "mean": f"{row['mean']:.2f}",
            "interval": bounds(row),
        }
        for row in own.to_dict("records")
    ]


def _unsaid(moved: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield each question on which a paper is silent, with what an answer to it was seen to move at most."""
    for reading in all_readings():
        if reading.words is None and len(reading.answers) > 1:
            yield {
                "paper": paper_name(reading.paper) if reading.paper != "both" else "both",
                "domain": reading.domain,
                "question": reading.question,
                "coded": reading.coded or "no code says",
                "default": reading.default,
                "moves": _most(reading, moved),
            }


def _most(reading: Reading, moved: pd.DataFrame) -> str:
    of = moved[moved["question"] == reading.key]
    of = of[[reading.concerns(method) for method in of["method"]]] if len(of) else of
    if of.empty:
        return "not measured"
    most = of.iloc[int(of["effect"].abs().argmax())]
    words = f"{most['answer']} against {most['against']}: {most['effect']:+.1f} ({bounds(most.to_dict(), 1)})"
    return f"{words}, {most['method']} on {most['dataset']}"


def _run(record: Record, what: Mapping[str, str]) -> dict[str, Any]:
    made, ran = record.made_by, record.cells[record.cells["verdict"] != NOT_RUN]
    return {
        "name": record.name,
        "what": what.get(record.name, ""),
        "ran": len(ran),
        "verdicts": counts(ran["verdict"]),
        "command": record.command,
        "commit": made["git"]["commit"],
        "machine": f"{made['cpu']}, {made['platform']}",
        "created": made["created"],
        "cost": record.costs.get("all"),
    }


def main(words: Sequence[str]) -> int:
    """Build the site; return the exit status. Raises RelampError as `build` does."""
    parser = argparse.ArgumentParser(prog="relamp site", description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=Path("site"), help="the folder to write (default: site)")
    parser.add_argument("--reproduction", type=Path, default=REPRODUCTION, help="the folder of recorded runs")
    given = parser.parse_args(words)
    build(given.reproduction, given.out)
    print(f"{given.out / 'index.html'}: all recorded runs; {given.reproduction / REPORT}: the same as a report")
    return 0
